/**
 * Aim: a connection is tried before it is saved, without its secrets getting out or anybody trying unseen; a pipeline
 * shows what goes on and how its last run ended as two answers. Method: a real control role and a real PostgreSQL.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Ask, applyAll, asker, tokenFor } from '../../../test/ask.ts';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';
import { startPostgres, type TestDatabase } from '../../../test/servers.ts';

let control: TestControl;
let ask: Ask;
let server: TestDatabase | { missing: string };
before(async () => {
  control = await startTestControl();
  ask = asker(control);
  server = await startPostgres();
});
after(async () => {
  await control.stop();
  if (!('missing' in server)) await server.stop();
});

const project = 'default';
const draftOf = (name: string, spec: unknown, as?: string) =>
  ask('checkConnectionDraft', { project }, { body: { name, spec }, ...(as ? { as } : {}) });

function specOf({ host, port, user, password, database }: TestDatabase) {
  return { type: 'postgres', host, port, user, password, database, tls: { mode: 'disable' } };
}

test('a connection is tried before it is saved; its steps say what fails', async (t) => {
  if ('missing' in server) return t.skip(server.missing);
  const good = await draftOf('fresh', specOf(server));
  assert.equal(good.json?.ok, true, good.text);
  assert.deepEqual(new Set(good.json.steps.map((s: { ok: boolean }) => s.ok)), new Set([true]));
  const wrong = await draftOf('fresh', { ...specOf(server), password: 'wrong-password' });
  assert.deepEqual([wrong.json.ok, wrong.json.steps.at(-1).step], [false, 'login'], wrong.text);
  const stored = await ask('listResources', {}, { query: '?kind=Connection' });
  assert.deepEqual(stored.json.items, []);
  const audit = await ask('listAudit', {}, { query: '?action=connection.try' });
  assert.equal(audit.json.items.length, 2);
  assert.deepEqual(
    [audit.json.items[0].subject, audit.json.items[0].detail],
    ['default/Connection/fresh', `postgres ${server.host}:${server.port}`],
  );
  for (const answer of [good, wrong, audit]) assert.ok(!answer.text.includes(server.password) && !answer.text.includes('wrong-password'));
  assert.ok(!control.lines.join('\n').includes('wrong-password'));
});

test('a draft of a saved connection keeps its secret by placeholder, and only its own', async (t) => {
  if ('missing' in server) return t.skip(server.missing);
  await applyAll(ask, JSON.stringify({ apiVersion: 'weir/v1', kind: 'Connection', metadata: { name: 'kept' }, spec: specOf(server) }));
  const { spec } = (await ask('getResource', { project, kind: 'Connection', name: 'kept' })).json;
  assert.match(spec.password, /^\$\{kept:/);
  assert.equal((await draftOf('kept', spec)).json.ok, true);
  const other = await draftOf('other', spec);
  assert.deepEqual([other.status, other.json.errors[0].pointer], [422, '/spec/password'], other.text);
});

test('a draft with mistakes says each; trying one needs the right to save it', async () => {
  const wrong = await draftOf('fresh', { type: 'postgres', port: 'x' });
  assert.equal(wrong.status, 422, wrong.text);
  const pointers = wrong.json.errors.map((e: { pointer: string }) => e.pointer);
  assert.ok(pointers.includes('/spec/port'), wrong.text);
  const missing = await draftOf('fresh', { type: 'sqlite', file: 'no.db', nothing: 1 });
  assert.equal(missing.json.errors[0].pointer, '/spec/nothing', missing.text);
  assert.equal((await draftOf('fresh', { type: 'sqlite', file: 'no.db' }, control.viewer)).status, 403);
  assert.equal((await draftOf('fresh', { type: 'sqlite', file: 'no.db' }, await tokenFor(ask, 'other'))).status, 403);
});

test('pipelines show the run that goes on, the last that ended, and the next firing', async () => {
  const connection = (name: string) =>
    `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: ${name} }\nspec: { type: sqlite, file: ${control.folder}/${name}.db }\n`;
  const pipeline = `apiVersion: weir/v1\nkind: Pipeline\nmetadata: { name: copy }\nspec:
  source: { connection: from, streams: ["*"] }\n  sink: { connection: to }\n  schedule: { cron: "0 3 * * *" }\n`;
  await applyAll(ask, [connection('from'), connection('to'), pipeline].join('---\n'));
  const look = async () => (await ask('listPipelines', {}, { query: '?name=cop' })).json.items[0];
  const fresh = await look();
  assert.deepEqual([fresh.source, fresh.sink, fresh.streams, fresh.current, fresh.last, fresh.nextAt], ['from', 'to', 1, null, null, null]);
  assert.deepEqual(fresh.schedule, { cron: '0 3 * * *', timezone: 'UTC' });
  await control.store.schedules.advance('default', 'copy', null, 5_000);
  const first = (await ask('startRun', { project, name: 'copy' })).json;
  assert.deepEqual([(await look()).current.id, (await look()).nextAt], [first.id, 5_000]);
  await ask('cancelRun', { id: first.id });
  const ended = await look();
  assert.deepEqual([ended.current, ended.last.id, ended.last.result], [null, first.id, 'cancelled']);
  const second = (await ask('startRun', { project, name: 'copy' })).json;
  const both = await look();
  assert.deepEqual([both.current.id, both.last.id], [second.id, first.id]);
  assert.deepEqual((await ask('getPipeline', { project, name: 'copy' })).json, both);
  const within = async (query: string) => (await ask('listRuns', {}, { query })).json.items.map((run: { id: string }) => run.id);
  assert.deepEqual(await within(`?from=${second.createdAt}&to=${second.createdAt + 1}&state=queued`), [second.id]);
  assert.deepEqual(await within(`?to=${first.createdAt}`), []);
  await ask('disableResource', { project, kind: 'Pipeline', name: 'copy' });
  assert.equal((await look()).nextAt, null);
  const elsewhere = await ask('listPipelines', {}, { as: await tokenFor(ask, 'elsewhere') });
  assert.deepEqual(elsewhere.json.items, []);
});
