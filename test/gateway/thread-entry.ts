/** Entry of a gateway thread for tests of the role: the real thread over an engine of node:http, which knows no upstream. */
import http from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/base/clock.ts';
import { idGenerator } from '../../src/base/id.ts';
import { silentLog } from '../../src/base/log.ts';
import { Problem } from '../../src/base/problem.ts';
import { systemRandom } from '../../src/base/random.ts';
import type { CreateEngine, TargetPool } from '../../src/gateway/contract.ts';
import { runGatewayThread } from '../../src/gateway/thread.ts';
import type { GatewayThreadData } from '../../src/gateway/thread-messages.ts';
import { memoryExchange } from '../../src/sdk/suites/exchange.ts';
import { testRegistry } from './core-harness.ts';

const data = workerData as GatewayThreadData;

/** Answers 200 with the thread and the pool's key where the core says `upstream`. */
const createEngine: CreateEngine = ({ core }) => {
  const pools = new Map<string, TargetPool>();
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url!, 'http://h');
    if (url.pathname === '/crash') process.exit(9);
    const exchange = memoryExchange({
      method: request.method!,
      path: url.pathname,
      headers: { 'x-api-key': String(request.headers['x-api-key'] ?? '') },
    });
    if (!request.headers['x-api-key']) exchange.request.remove('x-api-key');
    const disposition = await core.onRequest(exchange);
    const status = disposition.kind === 'problem' ? disposition.problem.status : 200;
    response.statusCode = status;
    const body =
      disposition.kind === 'problem'
        ? disposition.problem.code
        : disposition.kind === 'upstream'
          ? disposition.forward.pool.key
          : 'answer';
    response.end(JSON.stringify({ thread: data.thread, body }));
    core.onDone(exchange, {
      status,
      reason: disposition.kind === 'problem' && disposition.problem instanceof Problem ? body : '',
      durationMs: 1,
      upstreamMs: 0,
      requestBytes: 1,
      responseBytes: 1,
    });
  });
  return {
    pool: (key) => pools.get(key),
    putUpstream: (upstream) => void pools.set(`${upstream.project}/${upstream.name}`, { key: `${upstream.project}/${upstream.name}` }),
    removeUpstream: (key) => void pools.delete(key),
    listen: ({ host, port, reusePort }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port, reusePort }, () => resolve((server.address() as { port: number }).port));
      }),
    drain: () => new Promise((resolve) => (server.closeAllConnections(), server.close(() => resolve()))),
  };
};

runGatewayThread({
  data,
  parent: parentPort!,
  registry: testRegistry(),
  createRunner: () => ({ run: () => Promise.reject(new Error('no data APIs in this test')), attach() {} }),
  createEngine,
  clock: systemClock,
  random: systemRandom,
  newId: idGenerator(systemClock, systemRandom),
  log: silentLog,
});
