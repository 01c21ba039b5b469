/**
 * Aim: a narrowed credential cannot widen itself by what it creates. Method: a real control role; a token
 * that may manage tokens and users, and nothing else, tries every way to become more.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';

let control: TestControl;
before(async () => void (control = await startTestControl()));
after(() => control.stop());

test('a narrowed token creates nothing wider than itself', async () => {
  const narrowed = { name: 'clerk', role: 'admin', permissions: ['tokens:write', 'users:write', 'users:read'] };
  const made = await control.request('POST', '/api/v1/tokens', { as: control.admin, body: narrowed });
  assert.equal(made.status, 201, made.text);
  const as = made.json.secret;
  const status = async (method: 'POST' | 'PUT', path: string, body: object) =>
    (await control.request(method, `/api/v1${path}`, { as, body })).status;
  assert.equal(await status('POST', '/tokens', { name: 'wide', role: 'admin' }), 403);
  assert.equal(await status('POST', '/tokens', { name: 'look', role: 'viewer' }), 403, 'a viewer sees what the clerk does not');
  assert.equal(await status('POST', '/tokens', { name: 'same', role: 'admin', permissions: ['tokens:write'] }), 201);
  assert.equal(await status('POST', '/users', { name: 'eve', role: 'admin', password: 'correct horse battery' }), 403);
  assert.equal(await status('PUT', '/users/admin/password', { password: 'correct horse battery 2' }), 403);
  assert.equal(await status('PUT', '/users/nobody/password', { password: 'correct horse battery 2' }), 404);
  const bo = { name: 'bo', role: 'viewer', password: 'correct horse battery' };
  assert.equal((await control.request('POST', '/api/v1/users', { as: control.admin, body: bo })).status, 201);
  assert.equal(await status('PUT', '/users/bo/role', { role: 'admin' }), 403);
});

test('a narrowed token makes no administrator by a User document either', async () => {
  const looks = ['resources:read', 'runs:read', 'calls:read', 'keys:read', 'metrics:read', 'system:read'];
  const narrowed = { name: 'editor', role: 'admin', permissions: [...looks, 'resources:write', 'users:write'] };
  const as = (await control.request('POST', '/api/v1/tokens', { as: control.admin, body: narrowed })).json.secret;
  const cy = { name: 'cy', role: 'viewer', password: 'correct horse battery' };
  assert.equal((await control.request('POST', '/api/v1/users', { as, body: cy })).status, 201, 'no more than it holds');
  const text = 'apiVersion: weir/v1\nkind: User\nmetadata: { name: cy }\nspec: { role: admin }\n';
  const applied = await control.request('POST', '/api/v1/apply', { as, body: { sources: [{ text }] } });
  assert.match(JSON.stringify(applied.json.results[0].problems), /all permissions of an administrator/);
  const users = await control.request('GET', '/api/v1/users', { as: control.admin });
  assert.equal(users.json.items.find((user: { name: string }) => user.name === 'cy').role, 'viewer');
});
