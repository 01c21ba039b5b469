/**
 * How long the admin API's lists take over a store of some size: 300 resources, 10,000 runs, 100,000 calls, 10,000
 * audit lines, in every order, on SQLite and (when installed) PostgreSQL. Each list is asked for its first page and
 * walked deep, over HTTP, one after another. Run: node bench/admin-lists.ts [asks]. Prints milliseconds: p50 and p95.
 */
import path from 'node:path';
import { operations } from '../generated/operations.ts';
import { systemClock } from '../src/base/clock.ts';
import { API_PREFIX } from '../src/control/api/operation.ts';
import type { Database, Value } from '../src/store/database.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { startTestControl, type TestControl } from '../test/control-role.ts';
import { storeCalls } from '../test/calls.ts';
import { startPostgres } from '../test/servers.ts';

const asks = Number(process.argv[2] ?? 40);
const COUNTS = { resources: 300, runs: 10_000, calls: 100_000, audit: 10_000 };
const ROWS = 100;

/** Inserts `count` rows of `rowOf`, whose members are the columns. */
async function insert(db: Database, table: string, count: number, rowOf: (i: number) => Record<string, Value>): Promise<void> {
  const columns = Object.keys(rowOf(0));
  const marks = `(${columns.map(() => '?').join(', ')})`;
  await db.transaction(async (inner) => {
    for (let i = 0; i < count; i += ROWS) {
      const rows = Array.from({ length: Math.min(ROWS, count - i) }, (_, k) => Object.values(rowOf(i + k)));
      await inner.run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.map(() => marks).join(', ')}`, rows.flat());
    }
  });
}

const idOf = (i: number) => `01999999-0000-7000-8000-${String(i).padStart(12, '0')}`;
const STREAM =
  '[{"stream":"public.orders","state":"done","result":"succeeded","rowsRead":9,"rowsWritten":9,"bytes":1,"rowsExpected":null,"nullCursors":0,"problem":null}]';

const CALL = {
  project: 'default',
  consumer: 'app',
  clientAddress: '10.0.0.7',
  method: 'GET',
  protocol: 'http/1.1',
  release: 'r',
  reason: '',
  traceId: 't',
  upstreamMs: 0.001,
  requestBytes: 1,
  responseBytes: 1,
};

async function fill(control: TestControl, db: Database): Promise<void> {
  const plans = Array.from(
    { length: COUNTS.resources },
    (_, i) => `apiVersion: weir/v1\nkind: Plan\nmetadata: { name: plan-${i} }\nspec: {}\n`,
  );
  const applied = await control.request('POST', `${API_PREFIX}/apply`, { as: control.admin, body: plans.join('---\n') });
  if (applied.status !== 200) throw new Error(applied.text);
  const run = { release: 'r', state: 'done', result: 'succeeded', cause: 'manual', attempt: 1, attempts_max: 3, epoch: 1 };
  await insert(db, 'run', COUNTS.runs, (i) => ({
    ...run,
    id: idOf(i),
    project: 'default',
    pipeline: `pipeline-${i % 40}`,
    created_at: i * 10,
    due_at: i * 10,
    started_at: i * 10 + (i % 7),
    finished_at: i * 10 + (i % 70),
    cancel_requested: 0,
    streams: STREAM,
    requested_by: 'start',
  }));
  await storeCalls(control.store.calls, COUNTS.calls, (i) => ({
    ...CALL,
    id: idOf(i),
    time: i,
    route: `route-${i % 30}`,
    path: `/orders/${i}`,
    status: i % 50 ? 200 : 500 + (i % 3),
    durationMs: ((i * 7919) % 100_003) / 1000,
  }));
  const line = { actor_kind: 'user', address: '10.0.0.7', action: 'resource.update', outcome: 'done', detail: '' };
  await insert(db, 'audit', COUNTS.audit, (i) => ({
    ...line,
    id: idOf(i),
    time: i,
    actor: `user-${i % 20}`,
    subject: `default/Plan/plan-${i % 300}`,
  }));
}

/** Milliseconds of `asks` pages of one list in one order, sorted: the first page and what follows it. */
async function measure(control: TestControl, at: string): Promise<number[]> {
  const times: number[] = [];
  let next: string | null = null;
  for (let i = 0; i < asks; i++) {
    const start = performance.now();
    const { status, json, text } = await control.request('GET', `${at}${next ? `&after=${next}` : ''}`, { as: control.admin });
    times.push(performance.now() - start);
    if (status !== 200) throw new Error(text);
    next = json.next;
  }
  return times.sort((a, b) => a - b);
}

async function report(name: string, control: TestControl, db: Database): Promise<void> {
  await fill(control, db);
  await db.close();
  for (const id of ['listResources', 'listRuns', 'searchCalls', 'listAudit']) {
    const operation = operations.find((one) => one.id === id)!;
    const query = operation.query as unknown as { properties: { sort: { enum: string[] } } };
    for (const sort of query.properties.sort.enum) {
      const times = await measure(control, `${API_PREFIX}${operation.path}?limit=100&sort=${sort}`);
      const at = (share: number) => times[Math.floor((times.length - 1) * share)]!.toFixed(1).padStart(7);
      process.stdout.write(`${name.padEnd(11)}${id.padEnd(15)}${sort.padEnd(11)} p50 ${at(0.5)} ms   p95 ${at(0.95)} ms\n`);
    }
  }
  await control.stop();
}

const sqlite = await startTestControl();
await report('SQLite', sqlite, openSqlite(path.join(sqlite.folder, 'store.db')));
const server = await startPostgres();
if ('missing' in server) process.stdout.write(`PostgreSQL: ${server.missing}\n`);
else {
  const url = `postgres://${server.user}:${server.password}@${server.host}:${server.port}/${server.database}`;
  await report('PostgreSQL', await startTestControl({}, systemClock, url), openPostgres(url));
  await server.stop();
}
