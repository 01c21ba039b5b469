/**
 * The upper bound of an incremental read: no row at or below it can still appear.
 *
 * Time cursors: a transaction stamps its rows with `now()`, the time it began, or later. So the bound stays
 * below the start of the oldest open transaction of this database (prepared ones: below their PREPARE by
 * `lookback`, since their start is not recorded), and below the server's clock.
 * Other cursors: an INSERT locks its table before it draws from a sequence. So the newest value is read first,
 * and the transactions that then hold a write lock on the table are waited for.
 * A login that may not see other sessions' times falls back to `lookback`, and says so.
 */
import { type Column, type ColumnType, type ReadBound, type StreamSchema, type Text, noSuchColumn } from '../../../sdk/index.ts';
import { quoteName, quoteTable } from './names.ts';
import type { PostgresTools, Session, TextRow } from './session.ts';

const WRITERS_WAIT_MS = 10_000;
const WRITERS_POLL_MS = 50;
const TIME_TYPES: ReadonlySet<ColumnType> = new Set(['date', 'timestamp', 'timestamptz']);

/**
 * A transaction is listed a moment after its time is taken; by the second statement it is. Our own read
 * sessions are read-only and left out, as are processes that never write tables of users.
 */
const OPEN_SINCE = `
  SELECT min(since)::text AS since, bool_or(hidden)::text AS hidden, bool_or(prepared)::text AS prepared FROM (
    SELECT a.xact_start AS since, false AS prepared,
      a.xact_start IS NULL AND a.usesysid IS NOT NULL AND NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
        AND NOT pg_has_role(current_user, a.usesysid, 'USAGE')
        AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'virtualxid') AS hidden
    FROM pg_stat_activity a
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND coalesce(a.backend_type, '') NOT IN ('autovacuum worker', 'walsender') AND coalesce(a.application_name,
        '') NOT IN ('weir read', 'weir bound')
    UNION ALL
    SELECT p.prepared - make_interval(secs => $1::float8), true, false FROM pg_prepared_xacts p WHERE p.database = current_database()
  ) AS open`;

const WRITERS = `
  SELECT DISTINCT l.virtualtransaction AS id FROM pg_locks l
  WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.mode IN ('RowExclusiveLock','ShareRowExclusiveLock','ExclusiveLock','AccessExclusiveLock')
      AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.relation IN (SELECT to_regclass($1)::oid UNION SELECT relid::oid FROM pg_partition_tree(to_regclass($1)))`;

/** Fixes the bound. Raises `writers-open` when a non-time cursor's writers do not finish within 10 s. */
export async function readBound(
  session: Session,
  tools: PostgresTools,
  stream: StreamSchema,
  cursor: string,
  lookbackMs: number,
  signal: AbortSignal,
): Promise<ReadBound> {
  const column = stream.columns.find((c) => c.name === cursor);
  if (!column) throw tools.problems['column-gone']({ values: { stream: stream.name, reason: noSuchColumn(cursor) } });
  const table = quoteTable(stream.namespace ?? 'public', stream.table);
  const nullCursors = column.nullable
    ? Number((await one(session, `SELECT count(*)::text AS n FROM ${table} WHERE ${quoteName(cursor)} IS NULL`, [], signal))['n'])
    : 0;
  return TIME_TYPES.has(column.type)
    ? { ...(await timeBound(session, table, quoteName(cursor), column, lookbackMs, signal)), nullCursors }
    : { upTo: await settledBound(session, tools, stream, table, cursor, signal), nullCursors };
}

async function timeBound(
  session: Session,
  table: string,
  cursor: string,
  column: Column,
  lookbackMs: number,
  signal: AbortSignal,
): Promise<Pick<ReadBound, 'upTo' | 'warning'>> {
  const { type } = column;
  // The least step of the column: a coarse one rounds a time down, below the start of its transaction.
  const step = 10 ** -Number(/timestamp\((\d)\)/.exec(column.sourceType)?.[1] ?? 6);
  const clock = (await one(session, 'SELECT clock_timestamp()::text AS now', [], signal))['now']!;
  await session.query('SELECT pg_sleep(0.01)', [], signal);
  const open = await one(session, OPEN_SINCE, [String(lookbackMs / 1000)], signal);
  const hidden = open['hidden'] === 'true';
  const limit = (
    await one(
      session,
      `SELECT (least($1::timestamptz, $2::timestamptz, CASE WHEN $3::bool THEN $1::timestamptz - make_interval(secs => $4::float8) END)
       - make_interval(secs => $5::float8))::text AS at`,
      [clock, open['since'] ?? null, hidden, String(lookbackMs / 1000), String(step)],
      signal,
    )
  )['at']!;
  const upTo = (
    await one(
      session,
      `SELECT max(${cursor})::text AS top FROM ${table} WHERE ${cursor} <= ${limitOf(type)}`,
      type === 'timestamptz' ? [limit] : [limit, session.timeZone],
      signal,
    )
  )['top'];
  const warning = warningOf(hidden, open['prepared'] === 'true', lookbackMs);
  return { upTo: upTo ?? null, ...(warning ? { warning } : {}) };
}

/** A timestamp without zone is taken to be in the zone that sessions of this login start with; a day must be over. */
function limitOf(type: ColumnType): string {
  if (type === 'timestamptz') return '$1::timestamptz';
  return type === 'date' ? '(($1::timestamptz AT TIME ZONE $2)::date - 1)' : '($1::timestamptz AT TIME ZONE $2)';
}

function warningOf(hidden: boolean, prepared: boolean, lookbackMs: number): Text | undefined {
  if (hidden) {
    return {
      en:
        `the login may not see when other sessions' transactions began: read up to ${lookbackMs} ms ago (lookback); ` +
        'rows of transactions open for longer can be missed; grant pg_read_all_stats to read exactly',
      zh:
        `登录用户无权查看其他会话的事务开始时间：只读到 ${lookbackMs} 毫秒前（lookback）；` +
        '持续更久的事务的行可能被漏掉；授予 pg_read_all_stats 可精确读取',
    };
  }
  if (!prepared) return undefined;
  return {
    en: `prepared transactions are open: read up to ${lookbackMs} ms (lookback) before the oldest`,
    zh: `有未结束的预备事务：只读到最早者之前 ${lookbackMs} 毫秒（lookback）`,
  };
}

async function settledBound(
  session: Session,
  tools: PostgresTools,
  stream: StreamSchema,
  table: string,
  cursor: string,
  signal: AbortSignal,
): Promise<string | null> {
  const top = await session.query(
    `SELECT ${quoteName(cursor)}::text AS top FROM ${table} WHERE ${quoteName(cursor)} IS NOT NULL
      ORDER BY ${quoteName(cursor)} DESC LIMIT 1`,
    [],
    signal,
  );
  const writers = async () => (await session.query(WRITERS, [table], signal)).map((row) => row['id']!);
  let waiting = new Set(top.length > 0 ? await writers() : []);
  const until = tools.clock.monotonic() + WRITERS_WAIT_MS;
  while (waiting.size > 0) {
    if (tools.clock.monotonic() > until) {
      throw tools.problems['writers-open']({ values: { stream: stream.name, count: waiting.size, seconds: WRITERS_WAIT_MS / 1000 } });
    }
    await tools.clock.sleep(WRITERS_POLL_MS, signal);
    const now = new Set(await writers());
    waiting = new Set([...waiting].filter((id) => now.has(id)));
  }
  return top[0]?.['top'] ?? null;
}

async function one(session: Session, sql: string, values: readonly unknown[], signal: AbortSignal): Promise<TextRow> {
  return (await session.query(sql, values, signal))[0]!;
}
