/**
 * Aim: a list of any order comes whole, each row once, page by page, the same on both databases; and an index
 * answers it. Method: real stores with rows that often share the ordered value; pages of three walked to the end.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, type TestContext, test } from 'node:test';
import { startPostgres } from '../../test/servers.ts';
import { manualClock } from '../base/clock.ts';
import { idGenerator } from '../base/id.ts';
import { seededRandom } from '../base/random.ts';
import type { ListOrder, ListPlace } from '../sdk/list-order.ts';
import type { Run, RunOrderField } from '../sdk/run.ts';
import { openStore } from './store.ts';
import type { Store } from './types.ts';
import { packedCalls } from '../../test/calls.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-order-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const ROWS = 20;

/** Twenty rows of each table. */
async function fill(store: Store, clock: ReturnType<typeof manualClock>): Promise<void> {
  for (let i = 0; i < ROWS; i++) {
    const id = `row-${String((i * 7) % ROWS).padStart(2, '0')}`;
    clock.advance(i % 3);
    await store.runs.enqueue({
      project: i % 2 ? 'blue' : 'red',
      pipeline: `p${i % 6}`,
      release: 'r',
      trigger: 'manual',
      attempt: 1,
      attemptsMax: 1,
      dueAt: 0,
      requestedBy: 'me',
      overlap: 'queue',
    });
    const lease = i % 2 ? await store.runs.claim('w', 60_000) : null;
    if (lease && i % 4 === 1) await store.runs.finish(lease, 'succeeded', [], null);
    const call = {
      project: 'red',
      consumer: '',
      clientAddress: '',
      route: '',
      method: 'GET',
      path: '/',
      protocol: '',
      release: '',
      reason: '',
      traceId: '',
      story: '{}',
    };
    const sizes = { upstreamMs: 0, requestBytes: 0, responseBytes: 0 };
    await store.calls.add([packedCalls([{ id, time: 1000 + (i % 4), status: 200 + (i % 3), durationMs: (i % 5) / 8, ...call, ...sizes }])]);
    const line = { beforeHash: null, afterHash: null, outcome: 'done', detail: '', address: '', actorKind: 'user' } as const;
    await store.audit.add({ id, time: 1000 + (i % 4), actor: `a${i % 3}`, action: `b${i % 4}`, subject: `c${i % 5}`, ...line });
    const text = { en: '', zh: '' };
    await store.incidents.open({ id, kind: `k${i % 3}`, subject: `s${i}`, detail: text, data: {}, openedAt: i % 4 });
  }
}

/** Walks the list in both directions of each order: whole, once, sorted by value then id. */
async function walk<I extends { id: string }, F extends string>(
  page: (order: ListOrder<F>, after: ListPlace | undefined) => Promise<readonly I[]>,
  fields: Record<F, (item: I) => string | number>,
  count: number,
): Promise<void> {
  for (const by of Object.keys(fields) as F[]) {
    for (const descending of [false, true]) {
      const found: I[] = [];
      for (;;) {
        const last = found.at(-1);
        const items = await page({ by, descending }, last && { value: fields[by](last), id: last.id });
        if (items.length === 0) break;
        found.push(...items);
        assert.ok(found.length <= count, `${by}: no row twice`);
      }
      const keys = found.map((item) => [fields[by](item), item.id] as const);
      const sorted = keys.toSorted((a, b) => (a[0] === b[0] ? (a[1] < b[1] ? -1 : 1) : a[0] < b[0] ? -1 : 1));
      assert.deepEqual(keys, descending ? sorted.toReversed() : sorted, `${by} ${descending ? 'down' : 'up'}`);
      assert.equal(found.length, count, by);
    }
  }
}

for (const dialect of ['SQLite', 'PostgreSQL'] as const) {
  describe(`orders on ${dialect}`, () => {
    let opened: Store | undefined;
    let stop = async (): Promise<void> => {};
    let runs: number;
    before(async (t) => {
      const clock = manualClock();
      const newId = idGenerator(clock, seededRandom(3));
      const where = { file: path.join(folder, 'order.db'), clock, newId };
      if (dialect === 'PostgreSQL') {
        const server = await startPostgres();
        if ('missing' in server) return (t as TestContext).skip(server.missing);
        stop = server.stop;
        const { user, password, host, port, database } = server;
        opened = await openStore({ ...where, url: `postgres://${user}:${password}@${host}:${port}/${database}` });
      } else opened = await openStore(where);
      await fill(opened, clock);
      runs = (await opened.runs.list({ limit: 100 })).length;
      assert.ok(runs > 10, `${runs} runs`);
    });
    after(async () => {
      await opened?.close();
      await stop();
    });

    test('runs, calls, audit and incidents come whole in every order', async (t) => {
      const store = opened;
      if (!store) return t.skip('no PostgreSQL here');
      const limit = 3;
      const runFields = {
        created: (r: { createdAt: number }) => r.createdAt,
        started: (r: { startedAt: number | null }) => r.startedAt ?? 0,
        finished: (r: { finishedAt: number | null }) => r.finishedAt ?? 0,
        pipeline: (r: { pipeline: string }) => r.pipeline,
      };
      await walk<Run, RunOrderField>(
        (order, place) => store.runs.list({ order, limit, ...(place ? { after: place } : {}) }),
        runFields,
        runs,
      );
      const blue = (await store.runs.list({ projects: ['blue'], limit: 100 })).length;
      await walk<Run, RunOrderField>(
        (order, place) => store.runs.list({ projects: ['blue'], order, limit, ...(place ? { after: place } : {}) }),
        runFields,
        blue,
      );
      assert.deepEqual(await store.runs.list({ projects: [], limit }), []);
      await walk(
        (order, place) => store.calls.search({ order, limit, ...(place ? { after: place } : {}) }),
        { time: (c) => c.time, duration: (c) => Math.round(c.durationMs * 1000), status: (c) => c.status },
        ROWS,
      );
      await walk(
        (order, place) => store.audit.list({ order, limit, ...(place ? { after: place } : {}) }),
        { time: (a) => a.time, actor: (a) => a.actor, action: (a) => a.action, subject: (a) => a.subject },
        ROWS,
      );
      await walk(
        (order, place) => store.incidents.list({ order, limit, ...(place ? { after: place } : {}) }),
        { opened: (i) => i.openedAt, kind: (i) => i.kind, subject: (i) => i.subject },
        ROWS,
      );
    });

    test('runs are found by when they were made', async (t) => {
      const store = opened;
      if (!store) return t.skip('no PostgreSQL here');
      const all = await store.runs.list({ limit: 100 });
      const middle = all[Math.floor(all.length / 2)]!.createdAt;
      const [early, late] = [await store.runs.list({ to: middle, limit: 100 }), await store.runs.list({ from: middle, limit: 100 })];
      assert.equal(early.length + late.length, all.length);
      assert.ok(early.every((r) => r.createdAt < middle) && late.every((r) => r.createdAt >= middle));
    });
  });
}

test('an index answers every order of the tables that hold many rows', () => {
  const db = new DatabaseSync(path.join(folder, 'order.db'), { readOnly: true });
  const orders = [
    ...['created_at', 'coalesce(started_at, 0)', 'coalesce(finished_at, 0)', 'pipeline'].map((by) => ['run', by]),
    ...['time', 'actor', 'action', 'subject'].map((by) => ['audit', by]),
  ];
  for (const [table, by] of orders) {
    const plan = db
      .prepare(`EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE ${by} <= ? AND (${by}, id) < (?, ?) ORDER BY ${by} DESC, id DESC LIMIT 100`)
      .all('', '', '')
      .map((row) => String(row['detail']))
      .join('; ');
    assert.match(plan, /SEARCH .* USING INDEX/, `${table} by ${by}: ${plan}`);
    assert.doesNotMatch(plan, /TEMP B-TREE/, `${table} by ${by}: ${plan}`);
  }
  db.close();
});
