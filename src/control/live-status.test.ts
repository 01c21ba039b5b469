/**
 * Aim: `ready` is said of a resource once everybody who has to hold it does, and not before. Method: the real store and
 * compiler; the standing of gateways and workers is told by hand; a store that does not record lets one look in between.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openWorld, type World } from '../../test/control/world.ts';
import type { FleetStatus } from './api/parts.ts';

const doc = (kind: string, name: string, spec: string) =>
  `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const upstream = (port: number) => doc('Upstream', 'u', `{ targets: [{ host: h, port: ${port} }] }`);
const pipeline = doc('Pipeline', 'p', '{ source: { connection: erp, streams: ["*"] }, sink: { connection: erp } }');

type Stand = (role: 'gateway' | 'worker', ...revisions: number[]) => void;

async function world(t: TestContext): Promise<{ w: World; stand: Stand }> {
  const w = await openWorld({});
  t.after(() => w.end());
  const nodes = new Map<string, FleetStatus['nodes'][number]>();
  w.liveStatus.follow(() => ({ revision: w.publisher.number, hash: w.publisher.hashes.all, nodes: [...nodes.values()] }));
  return {
    w,
    stand(role, ...revisions) {
      const threads = revisions.map((revision, thread) => ({ thread, revision, hash: '', failed: [] }));
      nodes.set(role, { role, instance: role[0]!, pid: 1, since: 0, threads });
    },
  };
}

async function state(w: World, kind: string, name: string): Promise<string> {
  const status = await w.resources.status({ project: 'default', kind, name });
  return status.reason ? `${status.state}: ${status.reason.en}` : status.state;
}

test('a resource is ready when every thread of every gateway has its revision', async (t) => {
  const { w, stand } = await world(t);
  await w.apply(upstream(1));
  assert.equal(await state(w, 'Upstream', 'u'), 'ready', 'without a gateway there is none to wait for');
  stand('gateway');
  assert.equal(await state(w, 'Upstream', 'u'), 'pending: gateway g does not have it yet', 'it has not said where it stands');
  stand('gateway', 1, 1);
  stand('worker', 0);
  assert.equal(await state(w, 'Upstream', 'u'), 'ready', 'a worker holds no upstream');
  await w.apply(upstream(2));
  assert.equal(await state(w, 'Upstream', 'u'), 'pending: gateway g does not have it yet');
  stand('gateway', 2, 1);
  assert.equal(await state(w, 'Upstream', 'u'), 'pending: gateway g does not have it yet');
  stand('gateway', 2, 3);
  assert.equal(await state(w, 'Upstream', 'u'), 'ready');
});

test('a change of something else does not make a resource wait; who holds no entry of it is not waited for', async (t) => {
  const { w, stand } = await world(t);
  await w.apply([upstream(1), doc('Plan', 'gold', '{ policies: [{ type: rate-limit, limit: 5 }] }')].join('---\n'));
  stand('gateway', 1);
  stand('worker', 1);
  await w.apply([doc('Connection', 'erp', '{ type: sqlite, file: erp.db }'), pipeline].join('---\n'));
  assert.equal(await state(w, 'Upstream', 'u'), 'ready');
  assert.equal(await state(w, 'Pipeline', 'p'), 'pending: worker w does not have it yet');
  assert.equal(await state(w, 'Connection', 'erp'), 'pending: gateway g does not have it yet');
  stand('worker', 2);
  assert.equal(await state(w, 'Pipeline', 'p'), 'ready', 'a gateway holds no pipeline');
  await w.apply(doc('Plan', 'gold', '{ policies: [{ type: rate-limit, limit: 6 }] }'));
  assert.match(await state(w, 'Plan', 'gold'), /^pending/);
});

test('nothing is ready before its revision is recorded', async (t) => {
  const { w } = await world(t);
  const add = w.store.revisions.add.bind(w.store.revisions);
  const seen: string[] = [];
  t.mock.method(w.store.revisions, 'add', async (...args: Parameters<typeof add>) => {
    seen.push(await state(w, 'Upstream', 'u'));
    await add(...args);
  });
  await w.apply(upstream(1));
  assert.deepEqual(seen, ['pending: is being recorded']);
  assert.equal(await state(w, 'Upstream', 'u'), 'ready');
});

test('a version that is stored and not compiled yet is not taken for the one before', async (t) => {
  const { w } = await world(t);
  await w.apply([upstream(1), doc('Connection', 'erp', '{ type: sqlite, file: erp.db }')].join('---\n'));
  const get = w.store.settings.get.bind(w.store.settings);
  const seen: string[] = [];
  t.mock.method(w.store.settings, 'get', async (name: string) => {
    seen.push(await state(w, 'Upstream', 'u'));
    return get(name);
  });
  const api = doc('DataApi', 'a', '{ connection: erp, path: /a, sql: SELECT 1 AS id, page: { sort: [id] }, auth: [{ type: api-key }] }');
  assert.equal((await w.apply([upstream(2), api].join('---\n'))).refused, false);
  assert.equal(seen[0], 'pending: is not compiled yet');
  assert.equal(await state(w, 'Upstream', 'u'), 'ready');
});

test('what a thread could not make of it is what it fails with', async (t) => {
  const { w } = await world(t);
  await w.apply(upstream(1));
  const failed = [{ key: 'upstream/default/u', reason: { en: 'no such balance', zh: '无此均衡方式' } }];
  w.liveStatus.follow(() => ({
    revision: 1,
    hash: '',
    nodes: [{ role: 'gateway', instance: 'g', pid: 1, since: 0, threads: [{ thread: 0, revision: 1, hash: '', failed }] }],
  }));
  assert.equal(await state(w, 'Upstream', 'u'), 'failed: no such balance');
});
