/**
 * Aim: changes to resources keep what the issue promises. Method: the real store, kinds and extensions
 * (see test/control/world.ts); each test in a folder of its own.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { actor, openWorld, testRegistry, type World, type WorldOptions } from '../../../test/control/world.ts';
import { contentHash, type Json } from '../../base/json.ts';
import { Problem } from '../../base/problem.ts';
import type { CompiledConnection } from '../../sdk/revision.ts';

const by = { actor };
const key = (kind: string, name: string, project = 'default') => ({ project, kind, name });
const doc = (kind: string, name: string, spec: string, top = '') =>
  `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\n${top}spec: ${spec}\n`;
const all = (...docs: string[]) => docs.join('---\n');
const upstream = (name: string) => doc('Upstream', name, '{ targets: [{ url: "http://127.0.0.1:9000" }] }');
const route = (name: string, up: string, at = `/${name}`) => doc('Route', name, `{ match: { paths: ["${at}"] }, upstream: ${up} }`);

async function world(t: TestContext, options: WorldOptions = {}): Promise<World> {
  const opened = await openWorld(options);
  t.after(() => opened.end());
  return opened;
}
const outcomes = (result: Awaited<ReturnType<World['apply']>>) => result.results.map((r) => `${r.key?.name ?? '?'} ${r.outcome}`);
const details = (result: Awaited<ReturnType<World['apply']>>) =>
  result.results.flatMap((r) => r.problems.map((p) => `${p.file}:${p.line} ${p.pointer} ${p.detail.en}`));
const code = (name: string) => (error: unknown) => error instanceof Problem && error.code === `core/resources/${name}`;

test('applies, says unchanged, counts versions, keeps history and rolls back in one call', async (t) => {
  const w = await world(t);
  assert.deepEqual(outcomes(await w.apply(all(upstream('u'), route('r', 'u')))), ['u created', 'r created']);
  assert.deepEqual(outcomes(await w.apply(all(upstream('u'), route('r', 'u')))), ['u unchanged', 'r unchanged']);
  const before = await w.resources.get(key('Route', 'r'));
  const changed = await w.apply(route('r', 'u', '/other'));
  assert.equal(changed.results[0]!.outcome, 'updated');
  assert.match(changed.results[0]!.diff, /-spec: .*"\/r"[\s\S]*\+spec: .*"\/other"/);
  assert.equal((await w.resources.get(key('Route', 'r'))).version, 2);
  const back = await w.resources.rollback(key('Route', 'r'), 1, by);
  assert.equal(back.version, 3);
  const after = await w.resources.get(key('Route', 'r'));
  assert.equal(after.release, before.release);
  assert.equal(after.text, before.text);
  assert.deepEqual(
    (await w.resources.history(key('Route', 'r'))).map((h) => [h.version, h.change, h.by]),
    [
      [3, 'rolled-back', 'ada'],
      [2, 'updated', 'ada'],
      [1, 'created', 'ada'],
    ],
  );
  assert.match(await w.resources.diffVersions(key('Route', 'r'), 1, 2), /\+spec/);
  const audit = await w.store.audit.list({ subject: 'default/Route/r', limit: 10 });
  assert.deepEqual(
    audit.map((row) => [row.action, row.actor, row.actorKind]),
    [
      ['resource.rollback', 'ada', 'user'],
      ['resource.update', 'ada', 'user'],
      ['resource.create', 'ada', 'user'],
    ],
  );
  assert.equal(audit[0]!.afterHash, audit[2]!.afterHash);
  assert.equal((await w.store.outbox.waiting(10)).filter((e) => e.subject === 'default/Route/r').length, 3);
});

test('a bad document takes no good one down, and every mistake has its file, line, pointer and hint', async (t) => {
  const w = await world(t);
  const bad =
    `apiVersion: weir/v2\nkind: Route\nmetadata:\n  name: Bad_Name\n  labls: {}\nspec:\n  match:\n` +
    `    path: ["/x"]\n  upstream: u\n  timeouts: { connect: soon }\n`;
  const result = await w.apply(all(upstream('u'), bad, 'a: [1\n', doc('Rout', 'x', '{}'), route('r', 'u')));
  assert.deepEqual(outcomes(result), ['u created', '? refused', '? refused', '? refused', 'r created']);
  const found = details(result);
  for (const expected of [
    /weir\.yaml:6 \/apiVersion must be "weir\/v1"/,
    /weir\.yaml:9 \/metadata\/name must be lower-case/,
    /weir\.yaml:10 \/metadata\/labls .*did you mean "labels"/,
    /weir\.yaml:13 \/spec\/match\/path .*did you mean "paths"/,
    /weir\.yaml:12 \/spec\/match\/paths is required/,
    /weir\.yaml:15 \/spec\/timeouts\/connect must be a duration/,
    /weir\.yaml:1[78] {2}cannot be read as YAML/,
    /\/kind "Rout" is not a kind; did you mean "Route"/,
  ])
    assert.ok(
      found.some((line) => expected.test(line)),
      `${expected} in\n${found.join('\n')}`,
    );
});

test('a bad change keeps the last good one', async (t) => {
  const w = await world(t);
  await w.apply(all(upstream('u'), route('r', 'u')));
  const result = await w.apply(route('r', 'nowhere'));
  assert.match(details(result)[0]!, /names the Upstream "nowhere", which does not exist in project "default"; there are: u/);
  assert.equal((await w.resources.get(key('Route', 'r'))).version, 1);
  assert.equal((await w.resources.status(key('Route', 'r'))).state, 'ready');
});

test('a document that leans on a refused one is refused too', async (t) => {
  const w = await world(t);
  const result = await w.apply(all(doc('Upstream', 'u', '{ targets: [{ url: "ftp://x" }] }'), route('r', 'u')));
  assert.deepEqual(outcomes(result), ['u refused', 'r refused']);
  assert.match(details(result)[1]!, /names the Upstream "u", whose own document is refused/);
});

test('what others use cannot be deleted, and the users are named', async (t) => {
  const w = await world(t);
  await w.apply(all(upstream('u'), route('r', 'u'), route('s', 'u')));
  assert.deepEqual(await w.resources.usedBy(key('Upstream', 'u')), [key('Route', 'r'), key('Route', 's')]);
  await assert.rejects(
    w.resources.delete(key('Upstream', 'u'), by),
    (e: unknown) => code('in-use')(e) && /default\/Route\/r, default\/Route\/s/.test((e as Problem).message),
  );
  const pruned = await w.apply(all(route('r', 'u')), { prune: true });
  assert.deepEqual(outcomes(pruned), ['r unchanged', 'u refused', 's deleted']);
  await w.resources.delete(key('Route', 'r'), by);
  await w.resources.delete(key('Upstream', 'u'), by);
  await assert.rejects(w.resources.get(key('Upstream', 'u')), code('not-found'));
  assert.equal((await w.resources.rollback(key('Upstream', 'u'), 1, by)).version, 3);
});

test('prune deletes only what the same manager owns, in the given projects, and nothing while a document is unclear', async (t) => {
  const w = await world(t);
  const other = upstream('o').replace('{ name: o }', '{ name: o, project: other }');
  await w.apply(all(upstream('a'), upstream('b'), other));
  await w.apply(upstream('f'), { manager: 'folder' });
  assert.deepEqual(outcomes(await w.apply(all(upstream('a'), 'kind: Nothing\n'), { prune: true })), [
    'a unchanged',
    '? refused',
    'b refused',
  ]);
  assert.deepEqual(outcomes(await w.apply(upstream('a'), { prune: true, dryRun: true })), ['a unchanged', 'b deleted']);
  assert.deepEqual(outcomes(await w.apply(upstream('a'), { prune: true })), ['a unchanged', 'b deleted']);
  assert.equal((await w.resources.list({})).items.length, 3);
  const limited = await w.apply(upstream('a'), { prune: true, projects: ['other'], dryRun: true });
  assert.deepEqual(outcomes(limited), ['a refused'], 'a project that no document names keeps what it has');
});

test('folder-owned resources are read-only elsewhere, and the folder takes nothing over', async (t) => {
  const w = await world(t);
  await w.apply(upstream('f'), { manager: 'folder' });
  await assert.rejects(w.resources.put(key('Upstream', 'f'), upstream('f'), by), code('folder-owned'));
  await assert.rejects(w.resources.delete(key('Upstream', 'f'), by), code('folder-owned'));
  await assert.rejects(w.resources.setEnabled(key('Upstream', 'f'), false, by), code('folder-owned'));
  assert.deepEqual(outcomes(await w.apply(upstream('f'))), ['f unchanged']);
  assert.match(details(await w.apply(`# mine\n${upstream('f')}`))[0]!, /comes from a file in the watched folder/);
  await w.apply(upstream('a'));
  assert.match(details(await w.apply(`# mine\n${upstream('a')}`, { manager: 'folder' }))[0]!, /was made by the API/);
});

test('ETags: a change on old ground is refused', async (t) => {
  const w = await world(t);
  await w.apply(upstream('u'));
  await assert.rejects(w.resources.put(key('Upstream', 'u'), upstream('u'), { ...by, ifMatch: 7 }), code('changed-since'));
  await assert.rejects(w.resources.put(key('Upstream', 'u'), upstream('u'), { ...by, mustNotExist: true }), code('exists'));
  assert.equal((await w.resources.setEnabled(key('Upstream', 'u'), false, { ...by, ifMatch: 1 })).version, 2);
  assert.match((await w.resources.get(key('Upstream', 'u'))).text, /^enabled: false$/m);
  assert.equal((await w.resources.status(key('Upstream', 'u'))).state, 'disabled');
});

test('a pipeline is refused at apply for both mistakes of its schedule, and for a sink that cannot be one', async (t) => {
  const csv = testRegistry.connectors.get('sqlite')!;
  (testRegistry.connectors as Map<string, unknown>).set('reader', { ...csv, id: 'reader', roles: ['source'] });
  t.after(() => void (testRegistry.connectors as Map<string, unknown>).delete('reader'));
  const x = await openWorld();
  t.after(() => x.end());
  const connection = (name: string, type: string) =>
    `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: ${name} }\nspec: { type: ${type}, file: a.db }\n`;
  const spec = 'source: { connection: db, streams: ["*"] }, sink: { connection: ro }, schedule: { cron: "61 * * * *", timezone: Mars }';
  const pipeline = `apiVersion: weir/v1\nkind: Pipeline\nmetadata: { name: p }\nspec: { ${spec} }\n`;
  const { results } = await x.apply([connection('db', 'sqlite'), connection('ro', 'reader'), pipeline].join('---\n'));
  assert.deepEqual(
    results[2]!.problems.map((p) => p.pointer),
    ['/spec/schedule/timezone', '/spec/schedule/cron', '/spec/sink/connection'],
  );
  assert.match(JSON.stringify(results[2]!.problems[2]!.detail), /reader connection cannot be a sink/);
});

test('short secrets go from comments too, as words of their own', async (t) => {
  const w = await openWorld();
  t.after(() => w.end());
  const text = `apiVersion: weir/v1\nkind: Secret\nmetadata: { name: pin }\nspec: { value: "7a+" } # pin 7a+ not x7a+y\n`;
  assert.equal((await w.apply(text)).refused, false);
  const dump = await w.resources.dump({});
  assert.match(dump, /# pin \*\*\* not x7a\+y/);
  assert.equal((await w.apply(dump)).results[0]!.outcome, 'unchanged');
});

test('comments survive a change by form', async (t) => {
  const w = await world(t);
  const text =
    `# who calls\napiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold }\nspec:\n  # generous\n` +
    `  policies:\n    - type: rate-limit # per consumer\n      limit: 100\n`;
  await w.apply(text);
  const { spec } = await w.resources.get(key('Plan', 'gold'));
  const policies = [{ ...(spec['policies'] as object[])[0], limit: 200 }];
  await w.resources.put(key('Plan', 'gold'), { metadata: { name: 'gold' }, spec: { policies } }, { ...by, ifMatch: 1 });
  assert.equal((await w.resources.get(key('Plan', 'gold'))).text, text.replace('100', '200'));
});

test('two routes that take the same requests: the newer is refused, swapped paths in one apply are fine', async (t) => {
  const w = await world(t);
  await w.apply(all(upstream('u'), route('a', 'u', '/x/{id}'), route('b', 'u', '/y')));
  assert.match(details(await w.apply(route('c', 'u', '/x/{other}')))[0]!, /takes the same requests as default\/Route\/a/);
  assert.deepEqual(outcomes(await w.apply(all(route('a', 'u', '/y'), route('b', 'u', '/x/{id}')))), ['a updated', 'b updated']);
});

test('variables: only allowed names, typed where the field is, secrets only in secret fields of the same project', async (t) => {
  const w = await world(t, { variables: { WEIR_VAR_PORT: '9001', WEIR_VAR_HOST: 'orders.test', HOME: '/home/x' } });
  const text = doc('Upstream', 'u', '{ targets: [{ host: "${env:WEIR_VAR_HOST}", port: "${env:WEIR_VAR_PORT}" }] }');
  assert.deepEqual(outcomes(await w.apply(text)), ['u created']);
  const entry = w.publisher.deltaFor('gateway', 0, undefined).put.find((e) => e.type === 'upstream')!;
  assert.deepEqual((entry.value as { targets: unknown }).targets, [{ host: 'orders.test', port: 9001, weight: 1 }]);
  assert.match((await w.resources.get(key('Upstream', 'u'))).text, /\$\{env:WEIR_VAR_PORT\}/);
  const bad = await w.apply(
    all(
      doc('Upstream', 'a', '{ targets: [{ host: "${env:HOME}" }] }'),
      doc('Upstream', 'b', '{ targets: [{ host: "${env:WEIR_VAR_NONE}" }] }'),
      doc('Consumer', 'c', '{ description: "${secret:pw}" }'),
      doc('Connection', 'd', '{ type: postgres, host: h, database: d, user: u, password: "${secret:pw}" }'),
      doc('Connection', 'e', '{ type: postgres, host: h, database: d, user: u, password: "x${secret:pw}" }'),
    ),
  );
  const found = details(bad).join('\n');
  for (const expected of [
    /HOME.*not allowed/,
    /WEIR_VAR_NONE.*not set/,
    /description uses .*only secret fields may/,
    /names the Secret "pw", which does not exist/,
    /mixes a variable/,
  ])
    assert.match(found, expected);
});

test('secret values are in no text, spec, history, audit, event or file; dump → apply keeps them', async (t) => {
  const w = await world(t);
  const canary = 'canary-7f3e9a';
  const text = all(
    doc('Secret', 'pw', `{ value: ${canary}-1 }`),
    `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: db }\nspec:\n  type: postgres\n  host: h\n` +
      `  database: d\n  user: u\n  password: ${canary}-2 # not ${canary}-2 again\n`,
    doc('Connection', 'ref', '{ type: postgres, host: h, database: d, user: u, password: "${secret:pw}" }'),
  );
  assert.deepEqual(outcomes(await w.apply(text)), ['pw created', 'db created', 'ref created']);
  assert.deepEqual(outcomes(await w.apply(text)), ['pw unchanged', 'db unchanged', 'ref unchanged']);
  const passwords = () => w.publisher.deltaFor('worker', 0, undefined).put.map((e) => (e.value as CompiledConnection).config['password']);
  assert.deepEqual(passwords().sort(), [`${canary}-1`, `${canary}-2`]);
  const dump = await w.resources.dump({});
  assert.doesNotMatch(dump, /canary/);
  assert.match(dump, /password: "\$\{kept:[0-9a-f]{32}\}"/);
  assert.deepEqual(outcomes(await w.apply(dump)), ['pw unchanged', 'db unchanged', 'ref unchanged']);
  await w.resources.put(
    key('Connection', 'db'),
    { metadata: { name: 'db' }, spec: { ...(await w.resources.get(key('Connection', 'db'))).spec, host: 'h2' } },
    { ...by, ifMatch: 1 },
  );
  assert.deepEqual(passwords().sort(), [`${canary}-1`, `${canary}-2`]);
  await w.apply(doc('Connection', 'db', `{ type: postgres, host: h, database: d, user: u, password: ${canary}-3 }`));
  await w.resources.rollback(key('Connection', 'db'), 1, by);
  assert.ok(passwords().includes(`${canary}-2`));
  assert.match(
    details(await w.apply(dump.replaceAll('name: db', 'name: copy')))[0] ?? '',
    /is a placeholder for a value that default\/Connection\/copy does not have/,
  );
  const seen = JSON.stringify([
    await w.resources.list({}),
    await w.resources.history(key('Connection', 'db')),
    await w.store.audit.list({ limit: 100 }),
    await w.store.outbox.waiting(100),
    await w.store.revisions.last(),
  ]);
  assert.doesNotMatch(seen, /canary/);
  for (const file of readdirSync(path.join(w.folder, 'data')))
    assert.equal(readFileSync(path.join(w.folder, 'data', file)).includes('canary'), false, file);
});

test('a changed Secret reaches what uses it; a restart serves the same', async (t) => {
  const w = await world(t);
  await w.apply(
    all(
      doc('Secret', 'pw', '{ value: one }'),
      doc('Connection', 'ref', '{ type: postgres, host: h, database: d, user: u, password: "${secret:pw}" }'),
    ),
  );
  const { number, hashes } = w.publisher;
  await w.apply(doc('Secret', 'pw', '{ value: two }'));
  assert.equal(w.publisher.number, number + 1);
  assert.notEqual(w.publisher.hashes.worker, hashes.worker);
  const again = await w.reopen();
  t.after(() => again.close());
  assert.equal(again.publisher.number, number + 1);
  const [entry] = again.publisher.deltaFor('worker', 0, undefined).put;
  assert.equal((entry!.value as CompiledConnection).config['password'], 'two');
  const { project, name, type, config, poolMax } = entry!.value as CompiledConnection;
  assert.notEqual(entry!.hash, contentHash({ project, name, type, config: config as Json, poolMax }), 'no hash helps to guess the value');
});

test('accounts follow User documents, and the last administrator stays', async (t) => {
  const w = await world(t);
  const user = (name: string, role: string) => doc('User', name, `{ role: ${role} }`);
  await w.apply(all(user('ann', 'admin'), user('bob', 'viewer')));
  await assert.rejects(w.apply(user('ann', 'viewer')), code('last-admin'));
  assert.equal((await w.resources.get(key('User', 'ann'))).version, 1);
  await w.apply(all(user('ann', 'viewer'), user('bob', 'admin')));
  assert.equal((await w.store.accounts.get('bob'))!.role, 'admin');
  await assert.rejects(w.resources.delete(key('User', 'bob'), by), code('last-admin'));
  assert.match(
    details(await w.apply(user('eve', 'admin').replace('{ name: eve }', '{ name: eve, project: p }')))[0]!,
    /belongs to the whole installation/,
  );
});

test('changes at the same time happen one after another', async (t) => {
  const w = await world(t);
  await w.apply(upstream('u'));
  const results = await Promise.all(Array.from({ length: 20 }, (_, i) => w.apply(doc('Upstream', 'u', `{ targets: [{ host: h${i} }] }`))));
  assert.deepEqual(
    results.map((r) => r.results[0]!.version),
    Array.from({ length: 20 }, (_, i) => i + 2),
  );
});

test('lists by page, kind, label and name; asks "did you mean"', async (t) => {
  const w = await world(t);
  await w.apply(
    all(
      ...['a', 'b', 'c'].map((name) =>
        upstream(name).replace(`{ name: ${name} }`, `{ name: ${name}, labels: { tier: ${name === 'b' ? 'core' : 'edge'} } }`),
      ),
    ),
  );
  const first = await w.resources.list({ limit: 2 });
  assert.deepEqual(
    first.items.map((i) => i.name),
    ['a', 'b'],
  );
  assert.deepEqual(
    (await w.resources.list({ limit: 2, after: first.next! })).items.map((i) => i.name),
    ['c'],
  );
  assert.deepEqual(
    (await w.resources.list({ labels: { tier: 'core' } })).items.map((i) => i.name),
    ['b'],
  );
  await w.apply(upstream('orders'));
  await assert.rejects(w.resources.get(key('Upstream', 'oders')), /Did you mean "orders"/);
});

test('a credential limited to projects takes no requests from a project it does not reach', async (t) => {
  const w = await world(t);
  await w.apply(all(upstream('u'), route('r', 'u', '/crm/**')));
  const other = (text: string) => text.replaceAll('metadata: { name:', 'metadata: { project: other, name:');
  const thief = other(all(upstream('mine'), route('thief', 'mine', '/crm/customers/{id}')));
  const limited = await w.apply(thief, { projects: ['other'] });
  assert.deepEqual(outcomes(limited), ['mine created', 'thief refused']);
  assert.match(details(limited)[0]!, /\/spec\/match takes requests that belong to a project your credential does not reach/);
  assert.doesNotMatch(details(limited)[0]!, /default|\/crm\/\*\*/, 'it does not tell what the other project has');
  const single = w.resources.put(key('Route', 'thief', 'other'), other(route('thief', 'mine', '/crm/x')), { ...by, projects: ['other'] });
  await assert.rejects(single, code('invalid'));
  assert.deepEqual(outcomes(await w.apply(other(route('free', 'mine', '/free')), { projects: ['other'] })), ['free created']);
  assert.deepEqual(outcomes(await w.apply(thief)), ['mine unchanged', 'thief created'], 'who reaches both may do it');
});
