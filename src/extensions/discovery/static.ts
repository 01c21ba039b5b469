/** Targets that are written down: always the same. Says nothing a list of targets does not; for tests of what uses a discovery. */
import { defineDiscovery, help, strictObject, T } from '../../sdk/index.ts';

const config = strictObject({
  targets: T.Array(
    strictObject({
      host: T.String({
        minLength: 1,
        maxLength: 253,
        pattern: '^[^\\s/?#@]+$',
        ...help('Host name or address.', '主机名或地址。', '主机'),
      }),
      port: T.Integer({ minimum: 1, maximum: 65_535, default: 80, ...help('TCP port.', 'TCP 端口。', '端口') }),
      weight: T.Integer({ minimum: 1, maximum: 1000, default: 1, ...help('Share of requests.', '请求份额。', '权重') }),
    }),
    { minItems: 1, maxItems: 256, ...help('The targets.', '目标列表。', '目标') },
  ),
});

export default defineDiscovery({
  id: 'static',
  title: { en: 'Fixed list', zh: '固定列表' },
  summary: { en: 'Targets that are written down and never change.', zh: '写定的目标，永不变化。' },
  since: '0.1',
  status: 'stable',
  version: 1,
  config,
  problems: {},
  examples: [
    {
      title: { en: 'Two machines', zh: '两台机器' },
      config: {
        targets: [
          { host: '10.0.0.5', port: 9000 },
          { host: '10.0.0.6', port: 9000, weight: 2 },
        ],
      },
    },
  ],
  create: ({ targets }) => ({
    find: async () => ({ targets, holdsMs: Number.POSITIVE_INFINITY }),
  }),
});
