/** A calling application. Its credentials are made by `key create` and are not part of the document. */
import { help, ref, strictObject, T } from '../../../base/schema.ts';
import { tell } from '../../../base/text.ts';
import { defineResource } from '../define.ts';

const PLAN_DISABLED = {
  en: 'its plan "{plan}" is disabled: its calls are refused',
  zh: '其套餐“{plan}”已停用：调用会被拒绝',
};

export default defineResource<{ plan?: string; description?: string }>({
  kind: 'Consumer',
  plural: 'consumers',
  title: { en: 'Consumer', zh: '消费者' },
  summary: {
    en: 'An application that calls routes and data APIs, known by its credentials.',
    zh: '调用路由和数据 API 的应用，通过凭证识别。',
  },
  spec: () =>
    strictObject({
      plan: T.Optional(ref('Plan', help('Plan whose limits apply to it.', '适用的套餐。', '套餐'))),
      description: T.Optional(T.String({ maxLength: 1000, ...help('Who this is, and whom to ask.', '说明与联系人。', '说明') })),
    }),
  /** Keys of an application that is gone must not come back to life with the next one of its name. */
  mirror: async (tables, key, after) => {
    if (!after) await tables.credentials.deleteOf(key.project, key.name);
    return undefined;
  },
  compile: ({ key, enabled, spec }, scope) => {
    const planEnabled = spec.plan === undefined || Boolean(scope.get('Plan', spec.plan)?.enabled);
    const value = { project: key.project, name: key.name, plan: spec.plan, enabled: enabled && planEnabled };
    // Without its plan's limits a consumer would be unlimited: it is refused instead.
    const failure = planEnabled ? {} : { failure: tell(PLAN_DISABLED, { plan: spec.plan }) };
    return { entries: [{ type: 'consumer', value }], ...failure };
  },
  examples: [
    {
      title: { en: 'An application in a plan', zh: '使用某套餐的应用' },
      text: `apiVersion: weir/v1
kind: Consumer
metadata: { name: web-shop }
spec:
  plan: gold
  description: The public web shop
`,
    },
  ],
});
