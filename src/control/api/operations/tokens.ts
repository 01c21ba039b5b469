/** API tokens: for scripts, the command line and scrapers. The secret is shown once. */
import { duration, help, NAME_PATTERN, strictObject, T } from '../../../base/schema.ts';
import { ROLES_TEXT } from '../../access/roles.ts';
import { pageOf } from '../../../sdk/list-order.ts';
import { actorOf } from '../caller.ts';
import { checkGrant } from '../grant.ts';
import { defineOperation } from '../operation.ts';
import type { TokenView } from '../parts.ts';
import problems from '../problems.ts';
import { reply } from '../reply.ts';
import { id, named, oneOf, orNull, page, projectName, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'tokens';
const order = sorting<TokenView, 'created' | 'name' | 'expires' | 'used'>(
  { created: (t) => t.createdAt, name: (t) => t.name, expires: (t) => t.expiresAt, used: (t) => t.usedAt ?? 0 },
  (t) => t.id,
  'created',
  { most: 1000, normal: 1000 },
);

const token = named(
  'Token',
  strictObject({
    id: T.String(),
    name: T.String(),
    role: T.String(),
    permissions: T.Array(T.String(), help('What it is narrowed to; empty = all of its role.', '缩小到的权限；空表示角色的全部权限。')),
    projects: orNull(T.Array(T.String())),
    createdBy: T.String(),
    createdAt: time(),
    expiresAt: time(),
    usedAt: orNull(time()),
    revokedAt: orNull(time()),
  }),
);

const list = defineOperation({
  id: 'listTokens',
  area,
  method: 'GET',
  path: '/tokens',
  summary: { en: 'Lists API tokens, without their secrets.', zh: '列出 API 令牌（不含机密）。' },
  access: 'tokens:read',
  query: strictObject(order.query),
  response: page('Tokens', token),
  async handler({ query }, parts) {
    const found = pageOf(await parts.tokens.list(), order.fields, ({ id: tokenId }) => tokenId, order.read(query));
    return { items: found.items.map(view), next: order.write(found.next, query) };
  },
});

const create = defineOperation({
  id: 'createToken',
  area,
  method: 'POST',
  path: '/tokens',
  status: 201,
  summary: { en: 'Creates an API token; its secret is in this answer and nowhere else.', zh: '新建 API 令牌；机密只在本次返回中出现。' },
  access: 'tokens:write',
  body: strictObject({
    name: T.String({ pattern: NAME_PATTERN, ...help('Name that stands in the audit log.', '审计日志中显示的名称。') }),
    role: oneOf(['admin', 'viewer'], { default: 'viewer', ...help(ROLES_TEXT.en, ROLES_TEXT.zh) }),
    projects: T.Optional(
      T.Array(projectName(), {
        minItems: 1,
        maxItems: 100,
        ...help('Projects it reaches; all when left out.', '可访问的项目；省略时为全部。'),
      }),
    ),
    permissions: T.Array(T.String({ maxLength: 50 }), {
      default: [],
      maxItems: 50,
      ...help('Narrows it to these permissions of its role.', '缩小到角色中的这些权限。'),
    }),
    expiresIn: duration({ default: '90d', 'x-minimum': '1m', 'x-maximum': '365d', ...help('How long it is valid.', '有效期。') }),
  }),
  response: named('NewToken', strictObject({ secret: T.String(), token })),
  async handler(call, parts) {
    const { name, role, permissions, projects = null, expiresIn } = call.body;
    checkGrant(call.caller, role, permissions);
    const made = await parts.tokens.create({ name, role, permissions, projects, expiresAt: parts.clock.now() + expiresIn }, actorOf(call));
    return reply({ secret: made.secret, token: view(made.token) }, { status: 201 });
  },
});

const revoke = defineOperation({
  id: 'revokeToken',
  area,
  method: 'DELETE',
  path: '/tokens/{id}',
  summary: { en: 'Revokes an API token at once.', zh: '立即吊销 API 令牌。' },
  access: 'tokens:write',
  params: strictObject({ id: id() }),
  async handler(call, parts) {
    const gone = await parts.tokens.revoke(call.params.id, actorOf(call));
    if (!gone) throw problems.raise['not-found']({ values: { what: { en: 'token', zh: '令牌' }, name: call.params.id } });
    return reply(undefined);
  },
});

function view(found: TokenView) {
  const { id: tokenId, name, role, permissions, projects, createdBy, createdAt, expiresAt, usedAt, revokedAt } = found;
  return {
    id: tokenId,
    name,
    role,
    permissions: [...permissions],
    projects: projects ? [...projects] : null,
    createdBy,
    createdAt,
    expiresAt,
    usedAt,
    revokedAt,
  };
}

export default [list, create, revoke];
