/** Fills a store for `bench/admin-answers.ts`: documents through the admin API, rows straight into their tables, calls as gateways tell of them. Seeded. */
import type { Database, Value } from '../../src/store/database.ts';
import type { CallTable } from '../../src/store/types.ts';
import { storeCalls } from '../../test/calls.ts';

export const SIZES = { resources: 300, runs: 10_000, calls: 100_000, audit: 20_000 } as const;
const DAY = 86_400_000;
const PIPELINES = 40;
const CONSUMERS = 60;
const ROUTES = 110;

/** 300 documents: 50 upstreams, 110 routes, 30 plans, 60 consumers, 10 connections, 40 pipelines. */
export function documents(): string {
  const text = (kind: string, name: string, spec: object, i: number) =>
    JSON.stringify({ apiVersion: 'weir/v1', kind, metadata: { name, labels: { team: `team-${i % 7}` } }, spec });
  const many = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i));
  return [
    ...many(50, (i) => text('Upstream', `upstream-${i}`, { targets: [{ url: `http://10.0.0.${i + 1}:9000` }] }, i)),
    ...many(30, (i) => text('Plan', `plan-${i}`, {}, i)),
    ...many(CONSUMERS, (i) => text('Consumer', `consumer-${i}`, { plan: `plan-${i % 30}` }, i)),
    ...many(ROUTES, (i) => text('Route', `route-${i}`, { match: { paths: [`/part-${i}/**`] }, upstream: `upstream-${i % 50}` }, i)),
    ...many(10, (i) => text('Connection', `base-${i}`, { type: 'sqlite', file: `base-${i}.db` }, i)),
    ...many(PIPELINES, (i) =>
      text(
        'Pipeline',
        `pipeline-${i}`,
        { source: { connection: `base-${i % 10}`, streams: ['*'] }, sink: { connection: `base-${(i + 1) % 10}` } },
        i,
      ),
    ),
  ].join('\n---\n');
}

/** Runs over 30 days, calls over one with half of them in the last hour, audit entries over 30 days. */
export async function fillRows(db: Database, calls: Pick<CallTable, 'add'>, now: number): Promise<void> {
  const chance = seeded(20_261_121);
  const pick = <V>(values: readonly V[]): V => values[Math.floor(chance() * values.length)]!;
  const id = (time: number, i: number) => `${time.toString(16).padStart(12, '0')}-${i.toString(16).padStart(8, '0')}`;
  await insert(db, 'run', SIZES.runs, (i) => {
    const at = now - Math.floor((30 * DAY * (SIZES.runs - i)) / SIZES.runs);
    const result = chance() < 0.9 ? 'succeeded' : pick(['failed', 'cancelled', 'skipped']);
    return {
      id: id(at, i),
      project: 'default',
      pipeline: `pipeline-${i % PIPELINES}`,
      release: 'r'.repeat(64),
      state: 'done',
      result,
      cause: 'schedule',
      attempt: 1,
      attempts_max: 3,
      retry_of: null,
      created_at: at,
      due_at: at,
      started_at: at + 100,
      finished_at: at + 100 + Math.floor(chance() * 60_000),
      epoch: i,
      worker: 'worker-1',
      lease_until: null,
      cancel_requested: 0,
      problem: result === 'failed' ? JSON.stringify({ code: 'core/pipeline/stream-failed', detail: { en: 'no', zh: '否' } }) : null,
      streams: JSON.stringify(Array.from({ length: 5 }, (_, s) => streamOf(`public.table_${s}`, Math.floor(chance() * 100_000)))),
      requested_by: 'schedule',
    };
  });
  await storeCalls(calls, SIZES.calls, (i) => {
    const back = i % 2 === 0 ? chance() * 3_600_000 : chance() * DAY;
    const at = Math.floor(now - back);
    const status = pick([200, 200, 200, 200, 200, 200, 201, 304, 404, 429, 500]);
    const route = Math.floor(chance() * ROUTES);
    return {
      id: id(at, i),
      time: at,
      project: 'default',
      consumer: `consumer-${Math.floor(chance() * CONSUMERS)}`,
      clientAddress: `192.0.2.${Math.floor(chance() * 255)}`,
      route: `route-${route}`,
      method: pick(['GET', 'GET', 'POST']),
      protocol: 'http/1.1',
      path: `/part-${route}/orders/${i}`,
      release: 'r'.repeat(64),
      status,
      reason: status === 429 ? 'rate-limit/exceeded' : '',
      durationMs: Math.floor(chance() ** 4 * 2_000_000) / 1000,
      upstreamMs: Math.floor(chance() ** 4 * 1_000_000) / 1000,
      requestBytes: 0,
      responseBytes: Math.floor(chance() * 5_000),
      traceId: i.toString(16).padStart(32, '0'),
    };
  });
  await insert(db, 'audit', SIZES.audit, (i) => {
    const at = now - Math.floor((30 * DAY * (SIZES.audit - i)) / SIZES.audit);
    return {
      id: id(at, i),
      time: at,
      actor: pick(['admin', 'amy', 'bob', 'folder', 'deploy-token']),
      actor_kind: 'user',
      address: `192.0.2.${i % 200}`,
      action: pick(['login', 'resource.update', 'resource.create', 'denied', 'key.create']),
      subject: `default/Route/route-${i % ROUTES}`,
      before_hash: 'a'.repeat(64),
      after_hash: 'b'.repeat(64),
      outcome: chance() < 0.9 ? 'done' : 'refused',
      detail: 'a change',
    };
  });
  if (db.dialect === 'postgres') await db.run('ANALYZE');
}

function streamOf(stream: string, rows: number) {
  return {
    stream,
    state: 'done',
    result: 'succeeded',
    rowsRead: rows,
    rowsWritten: rows,
    bytes: rows * 100,
    rowsExpected: null,
    nullCursors: 0,
    problem: null,
  };
}

const ROWS_AT_ONCE = 100;

async function insert(db: Database, table: string, count: number, make: (i: number) => Record<string, Value>): Promise<void> {
  await db.transaction(async (inner) => {
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, count - from) }, (_, i) => make(from + i));
      const names = Object.keys(rows[0]!);
      const marks = rows.map(() => `(${names.map(() => '?').join(', ')})`).join(', ');
      await inner.run(
        `INSERT INTO ${table} (${names.join(', ')}) VALUES ${marks}`,
        rows.flatMap((row) => Object.values(row)),
      );
    }
  });
}

/** Mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
