/** Entry of a gateway thread for tests of the role: the real one, with a policy that tells which thread served, or ends it. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../src/base/clock.ts';
import { idGenerator } from '../../src/base/id.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { strictObject } from '../../src/base/schema.ts';
import { createEngine } from '../../src/gateway/http/engine.ts';
import { runGatewayThread } from '../../src/gateway/thread.ts';
import type { GatewayThreadData } from '../../src/gateway/thread-messages.ts';
import { definePolicy } from '../../src/sdk/policy.ts';
import { testRegistry } from './core-harness.ts';

const data = workerData as GatewayThreadData;

const probe = definePolicy({
  id: 'probe',
  title: { en: 'Probe', zh: '探针' },
  summary: { en: 'Tells the thread.', zh: '标明线程。' },
  since: '0.1',
  status: 'experimental',
  version: 1,
  phases: ['request', 'response'],
  bodies: 'none',
  config: strictObject({}),
  problems: {},
  examples: [],
  create: () => ({
    request(exchange) {
      if (exchange.path.endsWith('/crash')) process.exit(9);
      return undefined;
    },
    response: (exchange) => exchange.response.set('x-thread', String(data.thread)),
  }),
});

runGatewayThread({
  data,
  parent: parentPort!,
  registry: testRegistry([probe]),
  createRunner: () => ({ run: () => Promise.reject(new Error('no data APIs in this test')), attach() {} }),
  createEngine,
  clock: systemClock,
  random: systemRandom,
  newId: idGenerator(systemClock, systemRandom),
  log: silentLog,
});
