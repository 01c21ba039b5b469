/**
 * Aim: who started, tried again or cancelled a run stands in the audit trail, in one transaction with it; what was not
 * done leaves no line. Method: a real control role; an audit that fails over its store.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { applyAll, type Ask, asker } from '../../test/ask.ts';
import { startTestControl, type TestControl } from '../../test/control-role.ts';
import { createRunRequests } from './run-requests.ts';

let control: TestControl;
let ask: Ask;
before(async () => {
  control = await startTestControl();
  ask = asker(control);
  const connection = (name: string) =>
    `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: ${name} }\nspec: { type: sqlite, file: ${control.folder}/${name}.db }\n`;
  const pipeline =
    'apiVersion: weir/v1\nkind: Pipeline\nmetadata: { name: copy }\nspec: { source: { connection: from, streams: ["*"] }, sink: { connection: to } }\n';
  await applyAll(ask, [connection('from'), connection('to'), pipeline].join('---\n'));
});
after(() => control.stop());

const at = { project: 'default', name: 'copy' };
const lines = async () => (await control.store.audit.list({ limit: 1000 })).filter((line) => line.action.startsWith('run.')).reverse();

test('starting, cancelling and trying again are told, with who and which run; what was refused is not', async () => {
  const first = await ask('startRun', at);
  assert.equal(first.status, 202, first.text);
  assert.equal((await ask('startRun', at)).status, 409, 'one is waiting');
  assert.equal((await ask('cancelRun', { id: first.json.id })).status, 202);
  assert.equal((await ask('cancelRun', { id: first.json.id })).status, 409, 'it is over');
  const again = await ask('retryRun', { id: first.json.id });
  assert.equal(again.status, 202, again.text);
  const found = await lines();
  assert.deepEqual(
    found.map(({ action, subject, detail, outcome }) => [action, subject, detail, outcome]),
    [
      ['run.start', 'default/Pipeline/copy', first.json.id, 'done'],
      ['run.cancel', 'default/Pipeline/copy', first.json.id, 'done'],
      ['run.retry', 'default/Pipeline/copy', again.json.id, 'done'],
    ],
  );
  for (const { actor, actorKind, address } of found) assert.deepEqual([actor, actorKind, address], ['test-admin', 'token', '127.0.0.1']);
});

test('a run whose line cannot be written is not queued, nor cancelled', async () => {
  const broken = createRunRequests(control.store, () => Promise.reject(new Error('no audit')));
  const actor = { name: 'ada', address: '127.0.0.1' };
  const wish = {
    project: 'default',
    pipeline: 'other',
    release: 'r',
    trigger: 'manual',
    attemptsMax: 1,
    dueAt: 0,
    overlap: 'skip',
  } as const;
  await assert.rejects(broken.start(wish, actor), /no audit/);
  assert.deepEqual(await control.store.runs.list({ pipeline: 'other', limit: 10 }), []);
  const run = (await control.store.runs.enqueue({ ...wish, attempt: 1, requestedBy: 'ada' }))!;
  await assert.rejects(broken.cancel(run, actor), /no audit/);
  assert.equal((await control.store.runs.get(run.id))!.state, 'queued');
});
