/** Trying a connection before it is saved. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { actorOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { projectParams, resourceName } from '../shapes.ts';
import { checkView, connectionCheck } from './connections.ts';

const check = defineOperation({
  id: 'checkConnectionDraft',
  area: 'connections',
  method: 'POST',
  path: '/projects/{project}/connections/check',
  summary: {
    en: 'Tries an unsaved connection step by step; placeholders stand for the stored secrets of its name. Stores nothing but an audit line.',
    zh: '逐步检查未保存的连接；占位符代表同名连接已存的密文。除审计记录外不保存任何内容。',
  },
  // Not `connections:use`: a draft may lead a stored secret to another host, which only those may do who could save it.
  access: 'resources:write',
  params: projectParams,
  timeoutMs: 60_000,
  body: strictObject({
    name: T.Optional(resourceName()),
    spec: T.Record(T.String(), T.Unknown(), help('`spec` of a Connection.', 'Connection 的 `spec`。')),
  }),
  response: connectionCheck,
  async handler(call, parts) {
    const { name = 'draft', spec } = call.body;
    const steps = await parts.probe.checkDraft({ project: call.params.project, name, spec, actor: actorOf(call) }, call.signal);
    return checkView(steps, call.language);
  },
});

export default [check];
