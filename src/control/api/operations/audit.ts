/** The audit log: every change, login, token, key and refusal, append-only. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { defineOperation } from '../operation.ts';
import { named, oneOf, orNull, time } from '../shapes.ts';

const area = 'audit';

const item = named(
  'AuditItem',
  strictObject({
    id: T.String(),
    time: time(),
    actor: T.String(),
    actorKind: oneOf(['user', 'token', 'local-cli', 'folder', 'system', 'nobody']),
    address: T.String(),
    action: T.String(),
    subject: T.String(),
    outcome: oneOf(['done', 'refused']),
    detail: T.String(),
    beforeHash: orNull(T.String(help('Hash before the change; secrets enter it only keyed.', '更改前的哈希；机密以密钥化哈希计入。'))),
    afterHash: orNull(T.String(help('Hash after the change.', '更改后的哈希。'))),
  }),
);

const list = defineOperation({
  id: 'listAudit',
  area,
  method: 'GET',
  path: '/audit',
  summary: { en: 'Lists audit entries, newest first.', zh: '列出审计记录，最新在前。' },
  access: 'audit:read',
  query: strictObject({
    actor: T.Optional(T.String({ maxLength: 100, ...help('Who.', '操作者。') })),
    action: T.Optional(
      T.String({ maxLength: 100, ...help('What, such as `login` or `resource.update`.', '操作，如 `login`、`resource.update`。') }),
    ),
    subject: T.Optional(
      T.String({ maxLength: 300, ...help('On what, such as `default/Route/orders`.', '对象，如 `default/Route/orders`。') }),
    ),
    from: T.Optional(T.Integer({ minimum: 0, ...help('Not before (milliseconds since 1970).', '起始时间（自 1970 年起毫秒）。') })),
    to: T.Optional(T.Integer({ minimum: 0, ...help('Before (milliseconds since 1970).', '截止时间（自 1970 年起毫秒）。') })),
    before: T.Optional(T.String({ maxLength: 64, ...help('`next` of the page before.', '上一页返回的 `next`。') })),
    limit: T.Integer({ minimum: 1, maximum: 1000, default: 100, ...help('Most entries of an answer.', '返回的最多条数。') }),
  }),
  response: named('AuditPage', strictObject({ items: T.Array(item), next: orNull(T.String()) })),
  async handler({ query }, parts) {
    const found = await parts.audit.list(query);
    return { items: found.map((row) => ({ ...row })), next: found.length === query.limit ? found.at(-1)!.id : null };
  },
});

export default [list];
