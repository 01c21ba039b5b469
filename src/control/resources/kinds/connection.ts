/** A configured connector: one database, file folder or other system. */
import { help, T } from '../../../base/schema.ts';
import { defineResource } from '../define.ts';
import type { WrittenConfig } from '../parts.ts';

export default defineResource<WrittenConfig & { poolMax: number }>({
  kind: 'Connection',
  plural: 'connections',
  title: { en: 'Connection', zh: '连接' },
  summary: {
    en: 'A configured connector: a database or other system that pipelines and data APIs use.',
    zh: '配置好的连接器：管道和数据 API 使用的数据库或其他系统。',
  },
  spec: (parts) =>
    parts.connector({
      poolMax: T.Integer({
        minimum: 1,
        maximum: 500,
        default: 8,
        ...help(
          'Most connections opened for data APIs, over all threads of a gateway.',
          '数据 API 使用的最大连接数（网关各线程合计）。',
          '连接数上限',
        ),
      }),
    }),
  compile: ({ key, enabled, spec, written }) => {
    if (!enabled) return { entries: [] };
    const { type, poolMax: _, ...config } = written as WrittenConfig & { poolMax?: number };
    return { entries: [{ type: 'connection', value: { project: key.project, name: key.name, type, config, poolMax: spec.poolMax } }] };
  },
  examples: [],
});
