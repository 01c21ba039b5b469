/**
 * Functions a data API may not call: they act outside the query, read files, wait, or run a text as SQL
 * (which would open a way from a request into SQL). The database's own rights remain the real wall: the
 * session is read-only and publishing warns when the login can write.
 * Source: PostgreSQL manual chapter 9.27 and 9.15.3; SQLite "Built-in functions".
 */
import type { Text } from '../../base/text.ts';
import type { Dialect } from '../../sdk/query.ts';
import type { Token } from './lexer.ts';

const POSTGRES = new RegExp(
  '^(' +
    [
      'pg_read_.*',
      'pg_ls_.*',
      'pg_stat_file',
      'pg_file_.*',
      'pg_logdir_ls',
      'lo_.*',
      'loread',
      'lowrite',
      'dblink.*',
      'postgres_fdw_.*',
      'pg_sleep.*',
      'set_config',
      'nextval',
      'setval',
      'pg_terminate_backend',
      'pg_cancel_backend',
      'pg_reload_conf',
      'pg_rotate_logfile.*',
      'pg_advisory_.*',
      'pg_try_advisory_.*',
      'pg_notify',
      'pg_switch_wal',
      'pg_create_.*',
      'pg_drop_.*',
      'pg_copy_.*',
      'pg_promote',
      'pg_logical_.*',
      'pg_replication_.*',
      'pg_export_snapshot',
      'pg_stat_reset.*',
      'pg_backup_.*',
      'pg_start_backup',
      'pg_stop_backup',
      'pg_wal_replay_.*',
      'pg_prewarm',
      'pg_log_backend_memory_contexts',
      'pg_import_system_collations',
      'query_to_xml.*',
      'cursor_to_xml.*',
      'table_to_xml.*',
      'schema_to_xml.*',
      'database_to_xml.*',
      'ts_stat',
      'ts_rewrite',
      'crosstab.*',
      'connectby',
      'xpath_table',
      'plpy_.*',
    ].join('|') +
    ')$',
);
const SQLITE = /^(load_extension|readfile|writefile|edit|fts3_tokenizer|eval|sqlite_dbpage|pragma_.*)$/;

/** Why a call of `name` is refused, or undefined when it is not. */
export function deniedFunction(name: Token, dialect: Dialect): Text | undefined {
  const bare = name.kind === 'identifier' ? name.text.slice(1, -1) : name.text;
  const pattern = dialect === 'postgres' ? POSTGRES : SQLITE;
  return pattern.test(bare.toLowerCase())
    ? {
        en: `calls ${bare}(), which a data API may not: it acts outside the query or runs text as SQL`,
        zh: `调用了 ${bare}()，数据 API 不允许：它会在查询之外产生作用，或把文本当作 SQL 运行`,
      }
    : undefined;
}
