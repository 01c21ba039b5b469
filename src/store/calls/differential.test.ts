// Aim: blocks answer every question about calls as PostgreSQL's rows do: any filter, order and page, the story of one call, sums.
// Method: the same seeded calls, some of them odd, in both; random questions, whose values mostly come from the calls themselves.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { packedCalls } from '../../../test/calls.ts';
import { startPostgres } from '../../../test/servers.ts';
import { systemClock } from '../../base/clock.ts';
import { seededRandom } from '../../base/random.ts';
import { CALL_PROTOCOLS, type CallRecord } from '../../sdk/call-record.ts';
import { openStore } from '../store.ts';
import type { CallFilter, CallOrderField, CallTable, CallTotal } from '../types.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-calls-beside-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SEED = Number(process.env['CALLS_SEED'] ?? 11);
const QUESTIONS = Number(process.env['CALLS_QUESTIONS'] ?? 150);
const CALLS = 4000;
const TIME = 1_700_000_000_000;
const random = seededRandom(SEED);
const pick = <V>(values: readonly V[]): V => values[random.integer(values.length)]!;
const chance = (one: number): boolean => random.integer(one) === 0;

const LONG = `/${'long/'.repeat(1638)}`;
const PATHS = ['/', '/a', '/a/b', '/a/b%20c', '/caf\u00e9', '/caf%C3%A9', '/\u00ff', '/A', '/a_b', '/a%', '/0', ''];

function callOf(i: number): CallRecord {
  return {
    id: idOf(i),
    // Many at the same moment, some late, some of a clock that went back.
    time: TIME + (chance(50) ? -random.integer(100_000) : Math.floor(i / 8) * 5 - random.integer(3)) + (chance(9) ? 0.5 : 0),
    project: pick(['default', 'blue', 'Blue', '']),
    consumer: pick(['', 'app', 'App', 'app-2', '\u5806\u6808', 'caf\u00e9']),
    clientAddress: pick(['', '192.0.2.1', '2001:db8::1', '192.0.2.11']),
    route: pick(['', 'r1', 'r10', 'data-api:r1', 'R1', '\u8def\u7531']),
    method: pick(['', 'GET', 'POST', 'get', 'M-SEARCH']),
    protocol: pick(['', ...CALL_PROTOCOLS]),
    path: chance(200) ? `${LONG}${i}` : pick(PATHS) + (chance(3) ? '' : `/${i}`),
    release: pick(['', 'abc1', 'abd2', 'ABC1']),
    status: pick([0, 100, 200, 200, 200, 204, 304, 400, 404, 429, 499, 500, 503, 599]),
    reason: pick(['', 'core/gateway/timeout', 'core/gateway/bad-request', 'client-closed']),
    durationMs: pick([0, 0.0004, 0.0005, 0.001, 1, 1.0005, 1.9996, 2, 86_400_000, random.integer(3_000_000) / 997]),
    upstreamMs: pick([0, 0.0015, 3.75, random.integer(3_000_000) / 997]),
    requestBytes: pick([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, random.integer(5000)]),
    responseBytes: pick([0, 1, 2 ** 32, random.integer(5000)]),
    traceId: chance(20) ? '' : String(i).padStart(32, chance(2) ? '0' : 'f'),
  };
}

/** Of our own; of callers, who choose what they like and the same again. */
function idOf(i: number): string {
  if (!chance(6)) return `0192-${String(i).padStart(8, '0')}`;
  return `${pick(['mine', 'Mine', 'm', 'mine~', 'a~b', '_', '%', 'z'.repeat(128)])}~${String(i).padStart(8, '0')}`;
}

const ORDERS: readonly CallOrderField[] = ['time', 'duration', 'status'];
const placeOf = (by: CallOrderField, c: CallRecord): number =>
  by === 'time' ? Math.round(c.time) : by === 'duration' ? Math.round(c.durationMs * 1000) : c.status;

type Fields = { readonly [F in keyof CallFilter]?: (c: CallRecord) => NonNullable<CallFilter[F]> };
const near = (value: number): number => value + random.integer(3) - 1;
const part = (text: string): string => text.slice(0, random.integer(text.length + 1));
/** A value a filter may ask for, mostly one that the call has. */
const FIELDS: Fields = {
  project: (c) => c.project,
  consumer: (c) => pick([c.consumer, c.consumer, 'nobody', 'ap']),
  route: (c) => c.route,
  routes: (c) => pick([[c.route], [c.route, `data-api:${c.route}`], ['r1', 'R1'], []]),
  method: (c) => c.method,
  protocol: (c) => c.protocol,
  path: (c) => pick([part(c.path), c.path, `${c.path}x`, '\u0100', '%']),
  release: (c) => pick([part(c.release), c.release]),
  status: (c) => c.status,
  statusFrom: (c) => near(c.status),
  statusTo: (c) => near(c.status),
  reason: (c) => c.reason,
  clientAddress: (c) => c.clientAddress,
  traceId: (c) => pick([c.traceId, c.traceId, part(c.traceId)]),
  id: (c) => pick([c.id, c.id.split('~')[0]!, part(c.id), c.id.slice(0, c.id.lastIndexOf('~')), '\u0100\u5806']),
  from: (c) => near(Math.round(c.time)),
  to: (c) => near(Math.round(c.time)),
  slowerThanMs: (c) => pick([c.durationMs, near(c.durationMs), 0, Math.floor(c.durationMs)]),
  upstreamSlowerThanMs: (c) => pick([c.upstreamMs, near(c.upstreamMs)]),
  requestBytesFrom: (c) => Math.min(near(c.requestBytes), 2 ** 53 - 1),
  responseBytesFrom: (c) => near(c.responseBytes),
  projects: (c) => pick([[c.project], ['default', 'blue'], ['nobody'], []]),
};

function questionOf(all: readonly CallRecord[]): CallFilter {
  const filter: Record<string, unknown> = { limit: pick([1, 2, 7, 50, 500]) };
  const names = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
  const like = pick(all);
  for (let left = pick([0, 1, 1, 1, 2, 2, 3, 5]); left > 0; left--) {
    const name = pick(names);
    filter[name] = FIELDS[name]!(chance(3) ? pick(all) : like);
  }
  if (!chance(4)) {
    const by = pick(ORDERS);
    filter['order'] = { by, descending: chance(2) };
    if (chance(3)) filter['after'] = { value: placeOf(by, like) + (chance(4) ? 1 : 0), id: pick([like.id, '', 'n', '\u00ff']) };
  }
  return filter as unknown as CallFilter;
}

/** All pages, so that what a cursor begins with is what the page before ended with. */
async function pages(table: CallTable, filter: CallFilter, most: number): Promise<CallRecord[]> {
  const found: CallRecord[] = [];
  for (let after = filter.after; found.length < most; ) {
    const page = await table.search({ ...filter, ...(after ? { after } : {}) });
    found.push(...page);
    const last = page.at(-1);
    if (!last || page.length < filter.limit) break;
    after = { value: placeOf(filter.order?.by ?? 'time', last), id: last.id };
  }
  return found;
}

async function ask(table: CallTable, filter: CallFilter): Promise<unknown> {
  return pages(table, filter, filter.limit * 3);
}

test('the same calls in blocks and in rows: every question has the same answer', async (t) => {
  const server = await startPostgres();
  if ('missing' in server) return t.skip(server.missing);
  const { host, port, user, password, database } = server;
  const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  const clock = systemClock;
  const newId = () => 'id';
  const file = path.join(folder, 'store.db');
  const stores = [await openStore({ file, clock, newId }), await openStore({ url, file, clock, newId })] as const;
  const [blocks, rows] = [stores[0].calls, stores[1].calls];
  try {
    const all = Array.from({ length: CALLS }, (_, i) => callOf(i));
    for (let at = 0; at < CALLS; ) {
      const size = pick([1, 1, 2, 9, 40, 300]);
      const batch = packedCalls(all.slice(at, at + size));
      for (const table of [blocks, rows]) await table.add([batch]);
      at += size;
    }
    for (let i = 0; i < QUESTIONS; i++) {
      const filter = questionOf(all);
      const [own, right] = await Promise.all([ask(blocks, filter), ask(rows, filter)]);
      assert.deepEqual(own, right, `seed ${SEED}, question ${i}: ${JSON.stringify(filter)}`);
      if (i % 5 === 0) {
        const id = FIELDS.id!(pick(all));
        assert.deepEqual(await blocks.find(id), await rows.find(id), `seed ${SEED}, ${id}`);
      }
      if (i % 5 === 1) await sums(blocks, rows, all);
    }
    for (const before of [TIME, TIME + CALLS / 4]) {
      assert.equal(await blocks.trim(before, 1e12), await rows.trim(before, 1e12));
      const whole: CallFilter = { limit: 500 };
      assert.deepEqual(await pages(blocks, whole, CALLS), await pages(rows, whole, CALLS));
    }
  } finally {
    for (const store of stores) await store.close();
    await server.stop();
  }
});

async function sums(blocks: CallTable, rows: CallTable, all: readonly CallRecord[]): Promise<void> {
  const like = pick(all);
  const from = Math.round(like.time) - random.integer(2000);
  const asked = {
    from,
    to: from + random.integer(4000),
    rowsMax: pick([1e6, 1e6, 1, 50, 700]),
    ...(chance(2) && { projects: FIELDS.projects!(like) }),
  };
  const bySpan = {
    ...asked,
    spanMs: pick([1, 7, 1000, 60_000]),
    ...(chance(3) && { consumer: like.consumer }),
    ...(chance(3) && { route: like.route }),
  };
  // Which calls of one moment are among the newest is nobody's business: of few, only how many there are of each span.
  const isOfAll = asked.rowsMax > CALLS;
  const shown = <V extends { calls: number }>(sums: readonly V[], key: (sum: V) => unknown): unknown =>
    isOfAll ? sums : sums.reduce((by, sum) => by.set(key(sum), (by.get(key(sum)) ?? 0) + sum.calls), new Map<unknown, number>());
  const time = ({ time }: CallTotal): number => time;
  const [own, right] = [await blocks.totals(bySpan), await rows.totals(bySpan)];
  assert.deepEqual(shown(own, time), shown(right, time), `seed ${SEED}, ${JSON.stringify(bySpan)}`);
  const byRoute = { ...asked, prefix: isOfAll ? pick(['', 'r', 'data-api:', like.route]) : '' };
  const [ownRoutes, rightRoutes] = [await blocks.totalsByRoute(byRoute), await rows.totalsByRoute(byRoute)];
  const none = (): string => '';
  assert.deepEqual(shown(ownRoutes, none), shown(rightRoutes, none), `seed ${SEED}, ${JSON.stringify(byRoute)}`);
}
