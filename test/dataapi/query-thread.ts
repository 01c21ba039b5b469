/** The query thread and its engine threads as tests and benches start them: the real program, few tools. */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import pg from 'pg';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/clock.ts';
import { type EnginePort, runEngineThread } from '../../src/dataapi/engine-thread.ts';
import type { OpenEngine } from '../../src/dataapi/engines.ts';
import { type QueryThreadLimits, runQueryThread } from '../../src/dataapi/query-thread.ts';
import { createPostgresQuery } from '../../src/extensions/connectors/postgres/query.ts';
import { createSqliteQuery } from '../../src/extensions/connectors/sqlite/query.ts';

const { role, limits } = workerData as { role: 'query' | 'engine'; limits: Partial<QueryThreadLimits> };
const port = parentPort as unknown as EnginePort;

const open: OpenEngine = ({ type, config }) =>
  type === 'sqlite'
    ? createSqliteQuery({ resolvePath: async () => String(config['file']), clock: systemClock })
    : createPostgresQuery({
        clock: systemClock,
        log: silentLog,
        connect: async () => {
          const client = new pg.Client({ ...config, types: { getTypeParser: () => (value: string) => value } as never });
          client.on('error', () => {});
          await client.connect();
          return client;
        },
      });

if (role === 'engine') runEngineThread({ port, open, clock: systemClock, log: silentLog });
else {
  runQueryThread({
    port,
    open,
    limits,
    clock: systemClock,
    log: silentLog,
    isBlocking: (type) => type === 'sqlite',
    spawnEngineThread: () => new Worker(new URL(import.meta.url), { workerData: { role: 'engine', limits } }),
  });
}
