/** People who log in: the accounts behind User documents. The last administrator cannot be deleted or demoted. */
import { help, NAME_PATTERN, strictObject, T } from '../../../base/schema.ts';
import { ROLES_TEXT } from '../../access/roles.ts';
import { pageOf } from '../../../sdk/list-order.ts';
import { actorOf } from '../caller.ts';
import { checkGrant } from '../grant.ts';
import { type Call, defineOperation } from '../operation.ts';
import type { Parts, UserView } from '../parts.ts';
import { reply } from '../reply.ts';
import { named, oneOf, orNull, page, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'users';
const order = sorting<UserView, 'name' | 'role' | 'created'>(
  { name: (u) => u.name, role: (u) => u.role, created: (u) => u.createdAt },
  (u) => u.name,
  'name',
  { most: 1000, normal: 1000 },
);
const roles = ['admin', 'viewer'] as const;
const params = strictObject({ name: T.String({ minLength: 1, maxLength: 100, ...help('Name of the user.', '用户名。') }) });
const role = () => oneOf(roles, help(ROLES_TEXT.en, ROLES_TEXT.zh));
const password = () => T.String({ minLength: 1, maxLength: 1000, 'x-secret': true, ...help('The new password.', '新密码。') });

const shape = named(
  'User',
  strictObject({
    name: T.String(),
    displayName: T.String(),
    role: T.String(),
    language: T.String(),
    enabled: T.Boolean(),
    createdAt: time(),
    updatedAt: time(),
    lockedUntil: orNull(time()),
  }),
);

const list = defineOperation({
  id: 'listUsers',
  area,
  method: 'GET',
  path: '/users',
  summary: { en: 'Lists users, by name unless sorted otherwise.', zh: '列出用户，默认按名称排序。' },
  access: 'users:read',
  query: strictObject(order.query),
  response: page('Users', shape),
  async handler({ query }, parts) {
    const found = pageOf(await parts.accounts.list(), order.fields, ({ name }) => name, order.read(query));
    return { items: found.items.map(view), next: order.write(found.next, query) };
  },
});

const create = defineOperation({
  id: 'createUser',
  area,
  method: 'POST',
  path: '/users',
  status: 201,
  summary: { en: 'Creates a user: a User document, and a password beside it.', zh: '新建用户：User 文档及其密码。' },
  access: 'users:write',
  body: strictObject({
    name: T.String({ pattern: NAME_PATTERN, ...help('Name to log in with, and of the User document.', '登录名，也是 User 文档的名称。') }),
    role: role(),
    password: password(),
  }),
  response: shape,
  async handler(call, parts) {
    checkGrant(call.caller, call.body.role);
    return reply(view(await parts.accounts.create(call.body, actorOf(call))), { status: 201 });
  },
});

const setRole = defineOperation({
  id: 'setUserRole',
  area,
  method: 'PUT',
  path: '/users/{name}/role',
  summary: { en: 'Changes a user’s role.', zh: '修改用户角色。' },
  access: 'users:write',
  params,
  body: strictObject({ role: role() }),
  response: shape,
  async handler(call, parts) {
    await checkTarget(call, parts); // Taking a role away is as much as giving it.
    checkGrant(call.caller, call.body.role);
    return view(await parts.accounts.setRole(call.params.name, call.body.role, actorOf(call)));
  },
});

const resetPassword = defineOperation({
  id: 'resetUserPassword',
  area,
  method: 'PUT',
  path: '/users/{name}/password',
  summary: { en: 'Sets a user’s password and ends their sessions.', zh: '重置用户密码并结束其会话。' },
  access: 'users:write',
  params,
  body: strictObject({ password: password() }),
  async handler(call, parts) {
    await checkTarget(call, parts); // Whoever sets a password can log in with it.
    await parts.accounts.resetPassword(call.params.name, call.body.password, actorOf(call));
    return reply(undefined);
  },
});

const remove = defineOperation({
  id: 'deleteUser',
  area,
  method: 'DELETE',
  path: '/users/{name}',
  summary: { en: 'Deletes a user and ends their sessions.', zh: '删除用户并结束其会话。' },
  access: 'users:write',
  params,
  async handler(call, parts) {
    await checkTarget(call, parts);
    await parts.accounts.delete(call.params.name, actorOf(call));
    return reply(undefined);
  },
});

/** Raises `forbidden` when the user may do what the caller may not. One who is not there is for the change to tell. */
async function checkTarget({ caller, params: { name } }: Pick<Call, 'caller'> & { params: { name: string } }, parts: Parts): Promise<void> {
  const user = (await parts.accounts.list()).find((found) => found.name === name);
  if (user) checkGrant(caller, user.role);
}

function view(user: UserView) {
  const { name, displayName, role: has, language, enabled, createdAt, updatedAt, lockedUntil } = user;
  return { name, displayName, role: has, language, enabled, createdAt, updatedAt, lockedUntil };
}

export default [list, create, setRole, resetPassword, remove];
