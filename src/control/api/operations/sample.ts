/** The sample project: put in, take out. */
import { type Language } from '../../../base/text.ts';
import { strictObject, T } from '../../../base/schema.ts';
import { actorOf } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import { named, oneOf } from '../shapes.ts';
import type { SampleReport } from '../parts.ts';

const area = 'sample';
const report = named('SampleReport', strictObject({ state: oneOf(['absent', 'loaded', 'removed']), notes: T.Array(T.String()) }));

const status = defineOperation({
  id: 'getSample',
  area,
  method: 'GET',
  path: '/sample',
  summary: { en: 'Says whether the sample project is there.', zh: '说明示例项目是否已加载。' },
  access: 'resources:read',
  response: report,
  handler: async (call, parts) => view(await parts.sample.status(), call.language),
});

const load = defineOperation({
  id: 'loadSample',
  area,
  method: 'POST',
  path: '/sample/load',
  summary: { en: 'Loads the sample project and runs its pipelines.', zh: '加载示例项目并运行其管道。' },
  access: 'system:write',
  response: report,
  timeoutMs: 300_000,
  handler: async (call, parts) => view(await parts.sample.load(actorOf(call), call.signal), call.language),
});

const remove = defineOperation({
  id: 'removeSample',
  area,
  method: 'POST',
  path: '/sample/remove',
  summary: { en: 'Removes the sample project; it stays removed.', zh: '移除示例项目；之后不再自动加载。' },
  access: 'system:write',
  response: report,
  timeoutMs: 300_000,
  handler: async (call, parts) => view(await parts.sample.remove(actorOf(call), call.signal), call.language),
});

function view({ state, notes }: SampleReport, language: Language) {
  return { state, notes: notes.map((note) => note[language]) };
}

export default [status, load, remove];
