/**
 * Aim: one change compiles only what it touches; deltas are exact; data APIs serve only once checked, and what
 * served goes on serving. Method: the real store, compiler and SQLite connector; compiled resources are counted.
 */
import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { actor, openWorld, until, type World, type WorldOptions } from '../../../test/control/world.ts';
import { type ManualClock, manualClock, systemClock } from '../../base/clock.ts';
import { type AnyEntry, type CompiledDataApi, type CompiledRoute, revisionHash } from '../../sdk/revision.ts';

const doc = (kind: string, name: string, spec: string) =>
  `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const all = (...docs: string[]) => docs.join('---\n');
const upstream = (name: string, port = 9000) => doc('Upstream', name, `{ targets: [{ host: h, port: ${port} }] }`);
const route = (name: string, up: string, more = '') => doc('Route', name, `{ match: { paths: ["/${name}/**"] }, upstream: ${up}${more} }`);
const key = (kind: string, name: string) => ({ project: 'default', kind, name });
const api = (sql = 'SELECT id, total FROM orders') =>
  `apiVersion: weir/v1\nkind: DataApi\nmetadata: { name: orders }\nspec:\n  connection: erp\n` +
  `  path: /data/v1/orders\n  sql: ${sql}\n  page: { sort: [id] }\n  auth: [{ type: api-key }]\n`;
const erp = doc('Connection', 'erp', '{ type: sqlite, file: erp.db }');

async function world(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const opened = await openWorld(options);
  t.after(() => opened.end());
  return opened;
}
const gateway = (w: World) => new Map(w.publisher.deltaFor('gateway', 0, undefined).put.map((entry) => [entry.key, entry]));
const status = (w: World) => w.resources.status(key('DataApi', 'orders'));
function createErp(w: World, sql = 'CREATE TABLE orders (id INTEGER PRIMARY KEY, total TEXT)'): void {
  const db = new DatabaseSync(path.join(w.files, 'erp.db'));
  db.exec(sql);
  db.close();
}

test('of 5,000 routes, one change compiles one; a shared upstream compiles its users', async (t) => {
  const w = await world(t);
  const routes = Array.from({ length: 5_000 }, (_, i) => route(`r${i}`, i < 10 ? 'shared' : 'u'));
  const applied = await w.apply(all(upstream('u'), upstream('shared'), ...routes));
  assert.equal(applied.refused, false);
  const count = async (text: string): Promise<number> => {
    const before = w.publisher.compiled;
    await w.apply(text);
    return w.publisher.compiled - before;
  };
  assert.equal(await count(route('r4000', 'u', ', preserveHost: true')), 1);
  assert.equal(await count(upstream('shared', 9001)), 11);
  const { number, hashes } = w.publisher;
  assert.equal(await count(route('r4000', 'u', ', preserveHost: true')), 0);
  assert.equal(w.publisher.number, number);
  const delta = w.publisher.deltaFor('gateway', number - 1, 'not its hash');
  assert.equal(delta.from, 0, 'an unknown hash gets the whole');
  assert.equal(delta.put.length, 5_002);
  assert.equal(delta.hash, hashes.gateway);
  assert.equal(revisionHash(delta.put), hashes.gateway);
});

test('deltas bring any known revision to the newest, and each role only its entries', async (t) => {
  const w = await world(t);
  const held = new Map<string, AnyEntry>();
  let [at, hash] = [0, '0'.repeat(64)];
  const follow = (): { put: number; remove: number } => {
    const delta = w.publisher.deltaFor('gateway', at, hash);
    if (delta.from === 0) held.clear();
    for (const gone of delta.remove) held.delete(gone);
    for (const entry of delta.put) held.set(entry.key, entry);
    [at, hash] = [delta.to, delta.hash];
    assert.equal(revisionHash(held.values()), delta.hash);
    return { put: delta.put.length, remove: delta.remove.length };
  };
  await w.apply(
    all(
      upstream('u'),
      upstream('v'),
      route('a', 'u'),
      erp,
      doc('Pipeline', 'p', '{ source: { connection: erp, streams: ["*"] }, sink: { connection: erp } }'),
    ),
  );
  assert.deepEqual(follow(), { put: 4, remove: 0 });
  assert.deepEqual(
    w.publisher
      .deltaFor('worker', 0, undefined)
      .put.map((entry) => entry.key)
      .sort(),
    ['connection/default/erp', 'pipeline/default/p'],
  );
  await w.apply(route('b', 'v'));
  await w.resources.delete(key('Route', 'a'), { actor });
  await w.apply(route('b', 'v', ', preserveHost: true'));
  assert.deepEqual(follow(), { put: 1, remove: 1 });
  assert.deepEqual(follow(), { put: 0, remove: 0 });
  await w.resources.setEnabled(key('Upstream', 'v'), false, { actor });
  assert.deepEqual(follow(), { put: 0, remove: 1 });
  const { state, reason } = await w.resources.status(key('Route', 'b'));
  assert.deepEqual([state, reason?.en], ['failed', 'its upstream "v" is disabled: requests are answered 503']);
  const row = await w.store.revisions.last();
  assert.equal(row!.number, w.publisher.number);
  assert.doesNotMatch(JSON.stringify(row!.changes), /9000/);
});

test('listeners hear of each revision, and of nothing else', async (t) => {
  const w = await world(t);
  const heard: number[] = [];
  const stop = w.publisher.onRevision(({ number }) => heard.push(number));
  await w.apply(upstream('u'));
  await w.apply(`# only words\n${upstream('u')}`);
  await w.apply(upstream('u', 1));
  stop();
  await w.apply(upstream('u', 2));
  assert.deepEqual(heard, [1, 2]);
});

test('a plan that is switched off does not make its consumers unlimited', async (t) => {
  const w = await world(t);
  await w.apply(all(doc('Plan', 'gold', '{ policies: [{ type: rate-limit, limit: 5 }] }'), doc('Consumer', 'app', '{ plan: gold }')));
  assert.equal((gateway(w).get('consumer/default/app')!.value as { enabled: boolean }).enabled, true);
  await w.resources.setEnabled(key('Plan', 'gold'), false, { actor });
  assert.equal((gateway(w).get('consumer/default/app')!.value as { enabled: boolean }).enabled, false);
  assert.match((await w.resources.status(key('Consumer', 'app'))).reason!.en, /plan "gold" is disabled/);
});

test('credentials come and go with the store’s rows, and with their consumer', async (t) => {
  const w = await world(t);
  await w.apply(all(doc('Consumer', 'app', '{}'), doc('Consumer', 'other', '{}')));
  const row = (id: string, consumer: string) => ({
    id,
    project: 'default',
    type: 'api-key',
    consumer,
    sha256: id.repeat(64),
    hint: 'x',
    createdAt: 0,
    createdBy: 'ada',
    expiresAt: null,
    revokedAt: null,
  });
  await w.store.credentials.add(row('1', 'app'));
  await w.store.credentials.add(row('2', 'other'));
  await w.publisher.refreshCredentials();
  const ids = () => [...gateway(w).keys()].filter((k) => k.startsWith('credential/'));
  assert.deepEqual(ids(), ['credential/default/1', 'credential/default/2']);
  await w.store.credentials.revoke('2', 1);
  await w.publisher.refreshCredentials({ project: 'default', consumer: 'other' });
  assert.deepEqual(ids(), ['credential/default/1']);
  await w.resources.delete(key('Consumer', 'app'), { actor });
  assert.deepEqual(ids(), []);
  assert.equal(
    (await w.store.credentials.list({})).some((c) => c.consumer === 'app'),
    false,
  );
});

test('a data API waits for its connection and table, then serves with its columns', async (t) => {
  const clock = manualClock();
  const w = await world(t, { clock });
  await w.apply(all(erp, api()));
  await until(
    async () => /erp/.test((await status(w)).reason?.en ?? '') && (await status(w)).reason!.en.includes('connection'),
    'the first check fails',
  );
  assert.equal((await status(w)).state, 'pending');
  assert.equal(gateway(w).has('route/default/data-api.orders'), false);
  createErp(w);
  await retried(w, clock, async () => (await status(w)).state === 'ready');
  const served = gateway(w);
  assert.deepEqual(
    (served.get('dataapi/default/orders')!.value as CompiledDataApi).columns.map((c) => c.name),
    ['id', 'total'],
  );
  const target = served.get('route/default/data-api.orders')!.value as CompiledRoute;
  assert.deepEqual(
    [target.methods, target.target, target.auth],
    [['GET'], { kind: 'dataapi', name: 'orders' }, [{ type: 'api-key', config: {} }]],
  );
});

test('a newer version that cannot serve leaves the last good one, also over a restart without the database', async (t) => {
  const w = await world(t, { clock: systemClock });
  createErp(w);
  await w.apply(all(erp, api()));
  await until(async () => (await status(w)).state === 'ready', 'the API serves');
  const release = (await status(w)).serving;
  await w.apply(api('SELECT id, amount FROM orders'));
  await until(async () => /amount/.test((await status(w)).reason?.en ?? ''), 'the check says what is missing');
  assert.deepEqual([(await status(w)).state, (await status(w)).serving], ['pending', release]);
  const columns = (from: World) => (gateway(from).get('dataapi/default/orders')!.value as CompiledDataApi).columns.map((c) => c.name);
  assert.deepEqual(columns(w), ['id', 'total']);
  renameSync(path.join(w.files, 'erp.db'), path.join(w.files, 'away.db'));
  const again = await w.reopen();
  t.after(() => again.close());
  assert.deepEqual(columns(again), ['id', 'total']);
  assert.equal((await status(again)).serving, release);
  assert.equal(again.publisher.hashes.gateway, w.publisher.hashes.gateway);
  assert.equal(again.publisher.number, w.publisher.number);
  rmSync(path.join(w.files, 'away.db'));
  createErp(again, 'CREATE TABLE orders (id INTEGER PRIMARY KEY, amount TEXT)');
  again.publisher.retryPending();
  await until(async () => (await status(again)).state === 'ready', 'the newer version serves');
  assert.deepEqual(columns(again), ['id', 'amount']);
});

test('mistakes in a data API have the line of the SQL', async (t) => {
  const w = await world(t);
  const text = api().replace('sql: SELECT id, total FROM orders', 'sql: |\n    SELECT id, total\n    FROM orders\n    WHERE id = #{nope}');
  const { results } = await w.apply(all(erp, text));
  const [problem] = results[1]!.problems;
  assert.match(problem!.detail.en, /nope/);
  const lines = all(erp, text).split('\n');
  assert.match(lines[problem!.line! - 1]!, /nope/);
});

/** Moves time until the retry came and went. */
async function retried(w: World, clock: ManualClock, met: () => Promise<boolean>): Promise<void> {
  await until(async () => {
    clock.advance(60_000);
    w.publisher.retryPending();
    return met();
  }, 'the retry succeeds');
}

test('a worker is told the ports of listeners and nothing else of them, with each revision', async (t) => {
  const w = await world(t);
  const told = (from = w.publisher.number, role: 'worker' | 'gateway' = 'worker') =>
    w.publisher.deltaFor(role, from, w.publisher.hashes[role]);
  const at = (name: string, port: number) => doc('Listener', name, `{ addresses: ["127.0.0.1"], port: ${port} }`);
  assert.deepEqual(told().listenerPorts, []);
  await w.apply(all(at('one', 9101), at('two', 9102), upstream('u')));
  assert.deepEqual([told().listenerPorts, told(0).put], [[9101, 9102], []]);
  assert.equal(told(0, 'gateway').listenerPorts, undefined, 'gateways have the listeners');
  await w.apply(all(upstream('u', 9001), at('one', 9103)));
  assert.deepEqual(told().listenerPorts, [9103, 9102]);
  await w.resources.setEnabled(key('Listener', 'two'), false, { actor });
  assert.deepEqual(w.publisher.listenerPorts, [9103]);
  await w.resources.delete(key('Listener', 'one'), { actor });
  assert.deepEqual(told().listenerPorts, []);
});
