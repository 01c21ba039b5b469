/**
 * Memory of idle keep-alive connections: `node bench/gateway-idle.ts [connections]`. An engine in a process of its own,
 * connections that each made one request and then stay open. Prints what they add to the resident set, per 10,000. The
 * room V8 takes for garbage (up to 16 MiB and more, whatever is connected) is kept small, so that it is not what is measured.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../src/base/clock.ts';
import { idGenerator } from '../src/base/id.ts';
import { silentLog } from '../src/base/log.ts';
import { systemRandom } from '../src/base/random.ts';
import { readValue } from '../src/base/schema-read.ts';
import { defaultListener, engineLimits, gatewayConfig } from '../src/gateway/config.ts';
import type { Core } from '../src/gateway/contract.ts';
import { createEngine } from '../src/gateway/http/engine.ts';

const AT_ONCE = 200;
const WARM = 6000;
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: idle\r\nAccept: */*\r\n\r\n';

if (process.argv[2] === '--serve') await serve();
else await measure(Number(process.argv[2] ?? 10_000));

async function serve(): Promise<void> {
  const limits = { keepAlive: '1h', connections: 1_000_000, connectionsPerAddress: 1_000_000 };
  const config = readValue(gatewayConfig, { host: '127.0.0.1', port: 0, limits }).value;
  const core: Core = {
    onRequest: () => ({ kind: 'answer', answer: { status: 200, body: 'here' } }),
    onResponse: () => undefined,
    onDone() {},
    onRejected() {},
  };
  const newId = idGenerator(systemClock, systemRandom);
  const engine = createEngine({ core, limits: engineLimits(config), clock: systemClock, random: systemRandom, newId, log: silentLog });
  const port = await engine.listen({ ...defaultListener(config), reusePort: false });
  process.on('message', () => {
    globalThis.gc?.();
    globalThis.gc?.();
    process.send!({ rss: process.memoryUsage().rss, connections: engine.stats().listener.connections });
  });
  process.send!({ port });
}

async function measure(count: number): Promise<void> {
  const child = fork(import.meta.filename, ['--serve'], { execArgv: ['--expose-gc', '--max-semi-space-size=1'] });
  const { port } = (await answer(child)) as { port: number };
  const sockets: Socket[] = [];
  const open = async (wanted: number): Promise<void> => {
    while (sockets.length < wanted) {
      const batch = Array.from({ length: Math.min(AT_ONCE, wanted - sockets.length) }, () => connect(port, '127.0.0.1'));
      sockets.push(...batch);
      await Promise.all(batch.map((socket) => (socket.write(REQUEST), once(socket, 'data'))));
    }
  };
  const look = async (): Promise<{ rss: number; connections: number }> => {
    child.send('look');
    return (await answer(child)) as { rss: number; connections: number };
  };
  await open(WARM); // The heap's spare room grows with the first ones and is not theirs.
  const before = await look();
  await open(WARM + count);
  const after = await look();
  const mib = (after.rss - before.rss) / 2 ** 20;
  console.log(
    `${after.connections - before.connections} idle connections: ${mib.toFixed(1)} MiB, ${((mib * 10_000) / count).toFixed(1)} MiB per 10,000`,
  );
  for (const socket of sockets) socket.destroy();
  child.kill();
}

async function answer(child: ChildProcess): Promise<unknown> {
  return (await once(child, 'message'))[0] as unknown;
}
