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

test('a narrowed token takes no role away that holds more than itself: neither by role, password nor deletion, whoever is left', async () => {
  const narrowed = { name: 'warden', role: 'admin', permissions: ['users:write', 'users:read'] };
  const as = (await control.request('POST', '/api/v1/tokens', { as: control.admin, body: narrowed })).json.secret;
  const dora = { name: 'dora', role: 'admin', password: 'correct horse battery' };
  assert.equal((await control.request('POST', '/api/v1/users', { as: control.admin, body: dora })).status, 201);
  const eli = { name: 'eli', role: 'viewer', password: 'correct horse battery' };
  assert.equal((await control.request('POST', '/api/v1/users', { as: control.admin, body: eli })).status, 201);
  for (const [method, path, body] of [
    ['PUT', '/users/dora/role', { role: 'viewer' }],
    ['PUT', '/users/dora/role', { role: 'admin' }],
    ['DELETE', '/users/dora', undefined],
    ['PUT', '/users/dora/password', { password: 'correct horse battery 2' }],
    ['PUT', '/users/eli/role', { role: 'viewer' }],
    ['DELETE', '/users/eli', undefined],
  ] as const) {
    const { status, json } = await control.request(method, `/api/v1${path}`, { as, ...(body ? { body } : {}) });
    assert.deepEqual([status, json?.code], [403, 'core/api/forbidden'], `${method} ${path}`);
  }
  assert.equal((await control.request('DELETE', '/api/v1/users/nobody', { as })).status, 404);
  const { items } = (await control.request('GET', '/api/v1/users', { as: control.admin })).json;
  const roles = Object.fromEntries(items.map(({ name, role }: { name: string; role: string }) => [name, role]));
  assert.deepEqual([roles.dora, roles.eli], ['admin', 'viewer']);
  assert.equal((await control.request('DELETE', '/api/v1/users/dora', { as: control.admin })).status, 204, 'who holds it all may');
});

test('the last administrator who can log in stays: not demoted, disabled or deleted, by users or by documents', async () => {
  const as = control.admin;
  const doc = (spec: string, name = 'admin') => `apiVersion: weir/v1\nkind: User\nmetadata: { name: ${name} }\n${spec}\n`;
  // Somebody nobody ever gave a password is no administrator who could let the others in again.
  const made = await control.request('POST', '/api/v1/apply', { as, body: { sources: [{ text: doc('spec: { role: admin }', 'paper') }] } });
  assert.equal(made.json.results[0].outcome, 'created');
  const change = async (method: string, path: string, body?: object, headers = {}) => {
    const { status, json } = await control.request(method, `/api/v1${path}`, { as, headers, ...(body ? { body } : {}) });
    assert.ok(status >= 400, `${method} ${path}: ${status}`);
    assert.match(json.code, /last-admin$/, `${method} ${path}: ${JSON.stringify(json)}`);
  };
  const place = '/projects/default/resources/User/admin';
  await change('PUT', '/users/admin/role', { role: 'viewer' });
  await change('DELETE', '/users/admin');
  await change('POST', `${place}/disable`);
  await change('DELETE', place);
  await change('POST', '/apply', { sources: [{ text: doc('spec: { role: viewer }') }] });
  await change('POST', '/apply', { sources: [{ text: doc('enabled: false\nspec: { role: admin }') }] });
  await change('POST', '/apply?prune=true', { sources: [{ text: doc('spec: { role: admin }', 'paper') }] });
  const { items } = (await control.request('GET', '/api/v1/users', { as })).json;
  const { role, enabled } = items.find(({ name }: { name: string }) => name === 'admin');
  assert.deepEqual({ role, enabled }, { role: 'admin', enabled: true });
  const word = { password: 'correct horse battery 3' };
  assert.equal((await control.request('PUT', '/api/v1/users/paper/password', { as, body: word })).status, 204);
  assert.equal((await control.request('DELETE', '/api/v1/users/admin', { as })).status, 204, 'there is another now');
});
