/** Keys of consumers: what calling apps send to the gateway. Shown once, kept as a hash. */
import { duration, help, strictObject, T } from '../../../base/schema.ts';
import { pageOf } from '../../../sdk/list-order.ts';
import { actorOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import type { KeyView } from '../parts.ts';
import problems from '../problems.ts';
import { reply } from '../reply.ts';
import { id, named, orNull, page, projectName, projectParams, resourceName, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'keys';
const order = sorting<KeyView, 'created' | 'consumer' | 'expires'>(
  { created: (k) => k.createdAt, consumer: (k) => k.consumer, expires: (k) => k.expiresAt ?? Number.MAX_SAFE_INTEGER },
  (k) => k.id,
  'created',
  { most: 1000, normal: 1000 },
);

const key = named(
  'Key',
  strictObject({
    id: T.String(),
    project: T.String(),
    consumer: T.String(),
    type: T.String(),
    hint: T.String(help('First characters of the key, to tell keys apart.', '密钥的前几个字符，用于区分。')),
    createdAt: time(),
    createdBy: T.String(),
    expiresAt: orNull(time()),
    revokedAt: orNull(time()),
  }),
);

const list = defineOperation({
  id: 'listKeys',
  area,
  method: 'GET',
  path: '/projects/{project}/keys',
  summary: { en: 'Lists keys, without their secrets.', zh: '列出密钥（不含机密）。' },
  access: 'keys:read',
  params: projectParams,
  query: strictObject({ consumer: T.Optional(resourceName()), ...order.query }),
  response: page('Keys', key),
  async handler({ params, query }, parts) {
    const all = await parts.keys.list(params.project, query.consumer);
    const found = pageOf(all, order.fields, ({ id: keyId }) => keyId, order.read(query));
    return { items: found.items.map(view), next: order.write(found.next, query) };
  },
});

const create = defineOperation({
  id: 'createKey',
  area,
  method: 'POST',
  path: '/projects/{project}/consumers/{consumer}/keys',
  status: 201,
  summary: {
    en: 'Creates an API key of a consumer; its secret is in this answer and nowhere else.',
    zh: '为消费者新建 API 密钥；机密只在本次返回中出现。',
  },
  access: 'keys:write',
  params: strictObject({ project: projectName(), consumer: resourceName() }),
  body: strictObject({
    expiresIn: T.Optional(
      duration({
        'x-minimum': '1m',
        'x-maximum': '3650d',
        ...help('How long it is valid; for ever when left out.', '有效期；省略则不过期。'),
      }),
    ),
  }),
  response: named('NewKey', strictObject({ secret: T.String(), key })),
  async handler(call, parts) {
    const { project, consumer } = call.params;
    await parts.resources.get({ project, kind: 'Consumer', name: consumer });
    const expiresAt = call.body.expiresIn === undefined ? null : parts.clock.now() + call.body.expiresIn;
    const made = await parts.keys.create({ project, consumer, expiresAt }, actorOf(call));
    return reply({ secret: made.secret, key: view(made.key) }, { status: 201 });
  },
});

const revoke = defineOperation({
  id: 'revokeKey',
  area,
  method: 'DELETE',
  path: '/projects/{project}/keys/{id}',
  summary: { en: 'Revokes a key; gateways refuse it as soon as they have the next revision.', zh: '吊销密钥；网关收到下一修订后即拒绝。' },
  access: 'keys:write',
  params: strictObject({ project: projectName(), id: id() }),
  async handler(call, parts) {
    const gone = await parts.keys.revoke(call.params.project, call.params.id, actorOf(call));
    if (!gone) throw problems.raise['not-found']({ values: { what: { en: 'key', zh: '密钥' }, name: call.params.id } });
    return reply(undefined);
  },
});

function view(found: KeyView) {
  const { id: keyId, project, consumer, type, hint, createdAt, createdBy, expiresAt, revokedAt } = found;
  return { id: keyId, project, consumer, type, hint, createdAt, createdBy, expiresAt, revokedAt };
}

export default [list, create, revoke];
