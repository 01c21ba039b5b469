/** What an operator should look at: unreadable folder, held deletions, changes that could not be published. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { actorOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { reply } from '../reply.ts';
import { id, named, orNull, text, time } from '../shapes.ts';

const area = 'incidents';

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
    limit: T.Integer({ minimum: 1, maximum: 1000, default: 100, ...help('Most items of an answer.', '返回的最多条数。') }),
  }),
  response: named('Incidents', strictObject({ items: T.Array(incident) })),
  async handler({ query }, parts) {
    const found = await parts.incidents.list({ ...(query.all ? {} : { open: true }), limit: query.limit });
    return { items: found.map((one) => ({ ...one, detail: { ...one.detail }, data: { ...one.data } })) };
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
