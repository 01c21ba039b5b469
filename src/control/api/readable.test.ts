/**
 * Aim: what one list refuses, no other door shows: users stand in no dump, list, history, difference or removal for who may
 * not list users. Method: a real control role; a viewer, and a token that writes resources only, try each door.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { operations } from '../../../generated/operations.ts';
import { kinds } from '../../../generated/kinds.ts';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';

const PLAN = 'apiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold }\nspec: { policies: [] }\n';
const user = (name: string) => `apiVersion: weir/v1\nkind: User\nmetadata: { name: ${name} }\nspec: { role: viewer }\n`;

let control: TestControl;
let editor: string;
let limited: string;

before(async () => {
  control = await startTestControl();
  const text = [PLAN, user('zhang-wei')].join('---\n');
  assert.equal((await control.request('POST', '/api/v1/apply', { as: control.admin, body: { sources: [{ text }] } })).status, 200);
  const token = async (more: object) =>
    (await control.request('POST', '/api/v1/tokens', { as: control.admin, body: { role: 'admin', ...more } })).json.secret;
  editor = await token({ name: 'editor', permissions: ['resources:read', 'resources:write'] });
  limited = await token({ name: 'limited', projects: ['default'] });
});
after(() => control.stop());

const ask = (as: string, path: string, language = 'en') =>
  control.request('GET', `/api/v1${path}`, { as, headers: { 'accept-language': language } });

test('a dump holds what its caller may read, and says what it left out', async () => {
  const whole = await ask(control.admin, '/dump');
  assert.match(whole.text, /kind: User/);
  assert.doesNotMatch(whole.text, /^# Left out/);
  for (const as of [control.viewer, editor, limited]) {
    const { status, text } = await ask(as, '/dump');
    assert.equal(status, 200);
    assert.doesNotMatch(text, /zhang-wei|kind: User/);
    assert.match(text, /^# Left out, for want of the permission: User \(users:read\)\n---\n/);
    assert.match(text, /kind: Plan/);
  }
  assert.match((await ask(control.viewer, '/dump', 'zh')).text, /^# 因缺少权限而未包含：User \(users:read\)\n---\n/);
  const { text } = await ask(editor, '/dump');
  const again = await control.request('POST', '/api/v1/apply?prune=true', { as: control.admin, body: { sources: [{ text }] } });
  assert.deepEqual(
    again.json.results.map((result: { outcome: string }) => result.outcome),
    ['unchanged'],
    'applying it changes nothing, prunes nobody',
  );
});

test('asked for by name, the kind is refused as its list is', async () => {
  const own = operations.find(({ id }) => id === 'listUsers')!;
  assert.equal(kinds.find(({ kind }) => kind === 'User')!.readAccess, own.access, 'one truth');
  for (const as of [control.viewer, editor, limited]) {
    assert.equal((await ask(as, '/users')).status, 403);
    for (const path of [
      '/dump?kind=User',
      '/resources?kind=users',
      ...['', '/versions', '/diff?from=1&to=1', '/used-by', '/status'].map((rest) => `/projects/default/resources/User/zhang-wei${rest}`),
      '/projects/default/resources/User/nobody',
    ]) {
      const { status, json } = await ask(as, path);
      assert.deepEqual([status, json.code], [403, 'core/api/forbidden'], path);
      assert.match(json.detail, /users:read/);
    }
  }
});

test('lists over all kinds, searches and CSV leave users out', async () => {
  for (const path of ['/resources', '/resources?text=zhang', '/resources?name=zhang', '/resources?format=csv', '/overview']) {
    assert.doesNotMatch((await ask(control.viewer, path)).text, /zhang-wei/, path);
  }
  assert.match((await ask(control.admin, '/resources?text=zhang')).text, /zhang-wei/);
});

test('neither a difference nor a removal tells which users there are', async () => {
  const text = [user('zhang-wei'), user('nobody')].join('---\n');
  const post = async (path: string, as: string) => {
    const { status, json } = await control.request('POST', `/api/v1${path}`, { as, body: { sources: [{ text }] } });
    assert.equal(status, 200);
    return json.results as { key: { name: string }; outcome: string; version: number | null; release: string | null; problems: object[] }[];
  };
  for (const [path, as] of [
    ['/diff?prune=true', control.viewer],
    ['/apply?prune=true&dryRun=true', editor],
    ['/apply?prune=true', editor],
  ] as const) {
    const results = (await post(path, as)).filter(({ key }) => key.name !== 'gold');
    assert.deepEqual(
      results.map(({ key, outcome }) => [key.name, outcome]),
      [
        ['zhang-wei', 'refused'],
        ['nobody', 'refused'],
      ],
      `${path}: the administrator is not named`,
    );
    const [there, not] = results.map(({ version, release, problems }) => ({ version, release, problems: problems.length }));
    assert.deepEqual(there, not, 'one that is there is refused like one that is not');
  }
});
