/** A tier of limits that consumers are given. */
import { strictObject } from '../../../base/schema.ts';
import { defineResource } from '../define.ts';
import { policiesOf, type WrittenConfig } from '../parts.ts';

export default defineResource<{ policies: WrittenConfig[] }>({
  kind: 'Plan',
  plural: 'plans',
  title: { en: 'Plan', zh: '套餐' },
  summary: {
    en: 'Policies that apply to every call of its consumers, counted per consumer over all routes.',
    zh: '对其消费者的每次调用生效的策略，按消费者跨所有路由计数。',
  },
  spec: (parts) => strictObject({ policies: parts.policies }),
  compile: ({ key, enabled, written }) =>
    enabled
      ? {
          entries: [
            { type: 'plan', value: { project: key.project, name: key.name, policies: policiesOf(key, written['policies'], 'plan') } },
          ],
        }
      : { entries: [] },
  examples: [
    {
      title: { en: 'A tier without limits', zh: '不限流的套餐' },
      text: `apiVersion: weir/v1
kind: Plan
metadata: { name: gold, description: Partners with a contract }
spec: {}
`,
    },
  ],
});
