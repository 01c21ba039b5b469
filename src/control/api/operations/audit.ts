/** The audit log: every change, login, token, key and refusal, append-only. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { AuditOrderField, AuditRow } from '../../../store/types.ts';
import { defineOperation } from '../operation.ts';
import { notInCsv } from '../csv.ts';
import { named, oneOf, orNull, text, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'audit';
const order = sorting<AuditRow, AuditOrderField>(
  { time: (row) => row.time, actor: (row) => row.actor, action: (row) => row.action, subject: (row) => row.subject },
  (row) => row.id,
  '-time',
);

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
    asked: notInCsv(orNull(text)),
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
  summary: { en: 'Lists audit entries, newest first unless sorted otherwise.', zh: '列出审计记录，默认最新在前。' },
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
    outcome: T.Optional(oneOf(['done', 'refused'], help('What was done, or what was refused.', '已执行或被拒绝。'))),
    address: T.Optional(T.String({ maxLength: 100, ...help('From where.', '来源地址。') })),
    ...order.query,
  }),
  response: named('AuditPage', strictObject({ items: T.Array(item), next: orNull(T.String()) })),
  async handler({ query }, parts) {
    const { sort: _sort, after: _after, ...filter } = query;
    const found = await parts.audit.list({ ...filter, ...order.read(query) });
    const asked = (row: AuditRow) => (row.action === 'denied' ? (parts.operationWords(row.subject.split('/').at(-1)!) ?? null) : null);
    return { items: found.map((row) => ({ ...row, asked: asked(row) })), next: order.next(found, query) };
  },
});

export default [list];
