/** PostgreSQL (14 and later) as source, sink and query engine of data APIs. */
import { defineConnector } from '../../../sdk/index.ts';
import { checkSteps } from './check.ts';
import { postgresConfig } from './config.ts';
import { discoverStreams } from './discover.ts';
import { postgresProblems } from './problems-of.ts';
import { createSink } from './sink.ts';
import { createSource, previewRows } from './source.ts';
import { createPostgresQuery } from './query.ts';
import { connect, withSession } from './session.ts';

export default defineConnector({
  id: 'postgres',
  title: { en: 'PostgreSQL', zh: 'PostgreSQL 数据库' },
  summary: {
    en: 'Reads and writes PostgreSQL 14 and later by COPY, exactly once, and runs queries of data APIs read-only.',
    zh: '以 COPY 读写 PostgreSQL 14 及以上版本，精确一次，并以只读方式运行数据 API 的查询。',
  },
  since: '0.1',
  status: 'beta',
  version: 1,
  config: postgresConfig,
  problems: postgresProblems,
  examples: [
    {
      title: { en: 'A warehouse over verified TLS', zh: '经校验 TLS 连接的数据仓库' },
      config: {
        host: 'warehouse.example.test',
        database: 'warehouse',
        user: 'weir',
        password: '${secret:warehouse}',
        tls: { mode: 'verify-full' },
      },
    },
    {
      title: { en: 'A database on this machine', zh: '本机数据库' },
      config: { host: '127.0.0.1', port: 5433, database: 'shop', user: 'reader', tls: { mode: 'disable' } },
    },
  ],
  roles: ['source', 'sink', 'query'],
  transactional: true,
  create(config, tools) {
    const query = createPostgresQuery({ connect: (signal) => connect(config, tools, 'query', signal), clock: tools.clock, log: tools.log });
    return {
      check: (signal) => checkSteps(config, tools, signal),
      discover: (signal) => withSession(config, tools, 'read', signal, (session) => discoverStreams(session, signal)),
      preview: (stream, rows, signal) => previewRows(config, tools, stream, rows, signal),
      source: createSource(config, tools),
      sink: createSink(config, tools),
      query,
      close: () => query.close(),
    };
  },
});
