/** What an operator should look at: unreadable folder, held deletions, changes that could not be published. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { Incident as Row, IncidentOrderField } from '../../../store/types.ts';
import { actorOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { reply } from '../reply.ts';
import { id, named, orNull, text, time } from '../shapes.ts';
import { sorting } from '../sorting.ts';

const area = 'incidents';
const order = sorting<Row, IncidentOrderField>(
  { opened: (i) => i.openedAt, kind: (i) => i.kind, subject: (i) => i.subject },
  (i) => i.id,
  '-opened',
);

const incident = named(
  'Incident',
  strictObject({
    id: T.String(),
    kind: T.String(help('Such as `folder-held` or `folder-unreadable`.', '如 `folder-held`、`folder-unreadable`。')),
    subject: T.String(),
    detail: text,
    data: T.Record(T.String(), T.Unknown()),
    openedAt: time(),
    closedAt: orNull(time()),
  }),
);

const list = defineOperation({
  id: 'listIncidents',
  area,
  method: 'GET',
  path: '/incidents',
  summary: { en: 'Lists incidents, newest first; the open ones unless told otherwise.', zh: '列出事件，最新在前；默认只列未关闭的。' },
  access: 'system:read',
  query: strictObject({
    all: T.Boolean({ default: false, ...help('Closed ones too.', '包括已关闭的。') }),
    kind: T.Optional(T.String({ maxLength: 100, ...help('Only of this kind.', '仅此类型。') })),
    ...order.query,
  }),
  response: named('Incidents', strictObject({ items: T.Array(incident), next: orNull(T.String()) })),
  async handler({ query }, parts) {
    const { all, kind } = query;
    const found = await parts.incidents.list({ ...(all ? {} : { open: true }), ...(kind ? { kind } : {}), ...order.read(query) });
    const items = found.map((one) => ({ ...one, detail: { ...one.detail }, data: { ...one.data } }));
    return { items, next: order.next(found, query) };
  },
});

const confirm = defineOperation({
  id: 'confirmIncident',
  area,
  method: 'POST',
  path: '/incidents/{id}/confirm',
  summary: { en: 'Lets the held change of the watched folder through.', zh: '确认执行监视文件夹中被暂停的更改。' },
  access: 'resources:write',
  params: strictObject({ id: id() }),
  async handler(call, parts) {
    await parts.incidents.confirm(call.params.id, actorOf(call));
    return reply(undefined);
  },
});

export default [list, confirm];
