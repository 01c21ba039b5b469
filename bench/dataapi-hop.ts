/**
 * What the hop to the query thread costs: one-row answers over SQLite and (when installed) PostgreSQL,
 * through runner, port, query thread and engine, against the engine called directly on this thread.
 * Run: node bench/dataapi-hop.ts [calls]. Prints microseconds: p50 and p99 of calls made one after another.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MessageChannel, Worker } from 'node:worker_threads';
import pg from 'pg';
import { systemClock } from '../src/base/clock.ts';
import { silentLog } from '../src/base/log.ts';
import { createPostgresQuery } from '../src/extensions/connectors/postgres/query.ts';
import { createSqliteQuery } from '../src/extensions/connectors/sqlite/query.ts';
import type { CompiledDataApi } from '../src/sdk/dataapi.ts';
import type { QueryEngine } from '../src/sdk/query.ts';
import { startHouse } from '../test/dataapi/house.ts';
import { startPostgres } from '../test/servers.ts';

const calls = Number(process.argv[2] ?? 5_000);
const signal = new AbortController().signal;

/** Microseconds of each call, sorted, after a tenth of warm-up. */
async function measure(call: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < calls * 1.1; i++) {
    const start = performance.now();
    await call();
    if (i >= calls * 0.1) times.push((performance.now() - start) * 1000);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.floor(times.length * share)]!);
  return `p50 ${at(0.5)} µs   p99 ${at(0.99)} µs`;
}

/** A bare message there and back, with a transferred buffer: the floor of the hop. */
async function bareHop(): Promise<string> {
  const code =
    "require('node:worker_threads').parentPort.once('message', (port) => port.on('message', ({ call }) => {" +
    ' const json = new Uint8Array(60); port.postMessage({ call, json }, [json.buffer]); }));';
  const worker = new Worker(code, { eval: true });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(port2, [port2]);
  const result = await measure(
    () =>
      new Promise(
        (resolve) => (
          port1.once('message', resolve), port1.postMessage({ type: 'run', call: 1, shape: 1, values: [{ value: '7', type: 'int64' }] })
        ),
      ),
  );
  await worker.terminate();
  return result;
}

async function compare(name: string, engine: QueryEngine, api: CompiledDataApi, viaThreads: () => Promise<unknown>): Promise<void> {
  const values = [{ value: '7', type: 'int64' as const }];
  await engine.warm(1, signal);
  console.log(`${name} engine alone          ${await measure(() => engine.run(api.shapes[0]!, values, api.limits, [], signal))}`);
  console.log(`${name} through the hop       ${await measure(viaThreads)}`);
  await engine.close();
}

const folder = mkdtempSync(path.join(tmpdir(), 'weir-hop-'));
const file = path.join(folder, 'hop.db');
const database = new DatabaseSync(file);
const table = "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO item VALUES (7, 'seven')";
database.exec(table);
database.close();
const spec = {
  path: '/x/{id}',
  single: true,
  parameters: { id: { in: 'path', schema: { type: 'integer' } } },
  sql: 'SELECT id, name FROM item WHERE id = #{id}',
};
const house = startHouse();

console.log(`${calls} calls, one after another; Node ${process.version}`);
console.log(`bare MessagePort round trip  ${await bareHop()}`);
const sqlite = createSqliteQuery({ resolvePath: async () => file, clock: systemClock });
const local = await house.publish({ ...spec, connection: 'local' }, sqlite);
house.connect({ project: 'default', name: 'local', type: 'sqlite', config: { file }, poolMax: 4 });
await compare('SQLite     ', sqlite, local, () => house.call(local, { params: { id: '7' } }));

const server = await startPostgres();
if ('missing' in server) console.log(server.missing);
else {
  const { host, port, user, password, database: name } = server;
  const config = { host, port, user, password, database: name };
  const connect = async () => {
    const client = new pg.Client({ ...config, types: { getTypeParser: () => (value: string) => value } as never });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const admin = await connect();
  await admin.query(table);
  await admin.end();
  const postgres = createPostgresQuery({ connect, clock: systemClock, log: silentLog });
  const remote = await house.publish({ ...spec, connection: 'remote' }, postgres);
  house.connect({ project: 'default', name: 'remote', type: 'postgres', config, poolMax: 4 });
  await compare('PostgreSQL ', postgres, remote, () => house.call(remote, { params: { id: '7' } }));
  await house.close();
  await server.stop();
}
await house.close();
rmSync(folder, { recursive: true });
