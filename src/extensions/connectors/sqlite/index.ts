/** SQLite files as source, sink and query engine of data APIs. */
import { type CheckStep, type ConnectorTools, defineConnector, Problem, type Text } from '../../../sdk/index.ts';
import { type SqliteConfig, sqliteConfig, sqliteProblems } from './config.ts';
import { guard, type SqliteTools } from './file.ts';
import { createSqliteQuery } from './query.ts';
import { createSink } from './sink.ts';
import { createSource, discoverStreams, previewRows, reading } from './source.ts';

export default defineConnector({
  id: 'sqlite',
  title: { en: 'SQLite', zh: 'SQLite 数据库' },
  summary: {
    en: 'Reads and writes SQLite files, exactly once; no server needed.',
    zh: '读写 SQLite 文件，精确一次，无需数据库服务器。',
  },
  since: '0.1',
  status: 'beta',
  version: 1,
  config: sqliteConfig,
  problems: sqliteProblems,
  examples: [{ title: { en: 'A warehouse in one file', zh: '单文件数据仓库' }, config: { file: 'warehouse.db' } }],
  roles: ['source', 'sink', 'query'],
  transactional: true,
  blocking: true,
  create(config, tools: ConnectorTools<typeof sqliteProblems>) {
    let release = () => {};
    const query = createSqliteQuery({
      clock: tools.clock,
      async resolvePath() {
        const path = await tools.resolveFile(config.file, 'read');
        const before = release;
        // Held as long as the engine has the file open: see `guard`.
        release = guard(path, config, tools, 'read');
        before();
        return path;
      },
    });
    return {
      check: (signal) => checkSteps(config, tools, signal),
      discover: (signal) => reading(config, tools, undefined, signal, discoverStreams),
      preview: (stream, rows, signal) =>
        reading(config, tools, stream.name, signal, (database) => previewRows(database, tools, stream, rows)),
      source: createSource(config, tools),
      sink: createSink(config, tools),
      query,
      async close() {
        await query.close();
        release();
      },
    };
  },
});

async function* checkSteps(config: SqliteConfig, tools: SqliteTools, signal: AbortSignal): AsyncGenerator<CheckStep> {
  const start = tools.clock.monotonic();
  const ms = () => Math.round((tools.clock.monotonic() - start) * 10) / 10;
  try {
    await tools.resolveFile(config.file, 'write');
    const tables = await reading(config, tools, undefined, signal, (database) => discoverStreams(database).length);
    yield { step: 'path', ok: true, ms: ms(), detail: found(config.file, tables) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const missing = error.code.endsWith('/file-missing');
    yield {
      step: 'path',
      ok: missing,
      ms: ms(),
      detail: error.detail,
      ...(missing ? { warning: { en: 'the file does not exist yet; the first write makes it', zh: '文件尚不存在；首次写入时创建' } } : {}),
    };
  }
}

const found = (file: string, tables: number): Text => ({
  en: `${file} is an SQLite database with ${tables} table(s)`,
  zh: `${file} 是 SQLite 数据库，含 ${tables} 个表`,
});
