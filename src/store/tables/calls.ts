/** Table `call_record` of PostgreSQL: what the gateway answered. Durations are kept in microseconds. On SQLite: ../calls/. */
import { readPackedCalls } from '../../sdk/call-batch.ts';
import type { CallRecord, ToldCall } from '../../sdk/call-record.ts';
import { anyOf, type Database, number, one, type Row, text, textOrNull, type Value, where } from '../database.ts';
import { orderedBy } from '../order.ts';
import type { CallFilter, CallTable } from '../types.ts';
import { callTotals, routeTotals } from './call-totals.ts';

const COLUMNS = [
  'id',
  'time',
  'project',
  'consumer',
  'client_address',
  'route',
  'method',
  'protocol',
  'path',
  'release',
  'status',
  'reason',
  'duration_us',
  'upstream_us',
  'request_bytes',
  'response_bytes',
  'trace_id',
] as const;
const SEARCHED = COLUMNS.join(', ');
const MARKS = `(${COLUMNS.map(() => '?').join(', ')}, ?)`;
const NEWEST = { by: 'time', descending: true } as const;
const ORDERS = { time: 'time', duration: 'duration_us', status: 'status' } as const;
/** Of a row and of what the indexes say of it. The file itself only ever shrinks by what PostgreSQL gives back. */
const ROW_BYTES = 'pg_column_size(row) + 2 * octet_length(id) + 500';
/** Rows of one INSERT: its values stay below the limits of both databases. */
const ROWS_PER_INSERT = 200;

/** A record already there is left as it is. */
export function callTable(db: Database): CallTable {
  return {
    lost: 0, // PostgreSQL says so itself when it cannot read its rows.
    async add(batches) {
      const records = batches.flatMap(readPackedCalls);
      if (records.length === 0) return 0;
      await db.transaction(async (inner) => {
        for (let i = 0; i < records.length; i += ROWS_PER_INSERT) {
          const part = records.slice(i, i + ROWS_PER_INSERT);
          const marks = part.map(() => MARKS).join(', ');
          await inner.run(
            `INSERT INTO call_record (${SEARCHED}, story) VALUES ${marks} ON CONFLICT (id) DO NOTHING`,
            part.flatMap(valuesOf),
          );
        }
      });
      return 0;
    },
    async search(filter) {
      const order = orderedBy(ORDERS, filter.order ?? NEWEST, filter.after);
      const { sql, values } = conditionsOf(filter, order.condition);
      const rows = await db.all(`SELECT ${SEARCHED} FROM call_record ${sql} ${order.sql} LIMIT ?`, [...values, filter.limit]);
      return rows.map(callOf);
    },
    async find(id) {
      const { sql, values } = conditionsOf({ id, limit: 1 }, ['', undefined]);
      const row = await one(db, `SELECT * FROM call_record ${sql} ORDER BY time DESC, id DESC LIMIT 1`, values);
      return row && { ...callOf(row), story: textOrNull(row, 'story') };
    },
    totals: (filter) => callTotals(db, filter),
    totalsByRoute: (filter) => routeTotals(db, filter),
    async trim(before, bytesMax) {
      const old = await db.run('DELETE FROM call_record WHERE time < ?', [before]);
      const size = await one(db, "SELECT pg_total_relation_size('call_record') AS bytes");
      if (number(size!, 'bytes') <= bytesMax) return old;
      const edge = await one(
        db,
        `SELECT time, id FROM (
           SELECT time, id, sum(${ROW_BYTES}) OVER (ORDER BY time DESC, id DESC) AS bytes FROM call_record AS row) AS sized
         WHERE bytes > ? ORDER BY time DESC, id DESC LIMIT 1`,
        [bytesMax],
      );
      if (!edge) return old;
      return (
        old +
        (await db.run('DELETE FROM call_record WHERE time < ? OR (time = ? AND id <= ?)', [edge['time']!, edge['time']!, edge['id']!]))
      );
    },
  };
}

type Condition = readonly [string, Value[] | undefined];

function conditionsOf(f: CallFilter, place: Condition): { sql: string; values: Value[] } {
  const filter = where([
    ['project = ?', f.project],
    ['consumer = ?', f.consumer],
    ['route = ?', f.route],
    ['method = ?', f.method],
    ['protocol = ?', f.protocol],
    ['substr(path, 1, length(?)) = ?', twice(f.path)],
    ['substr(release, 1, length(?)) = ?', twice(f.release)],
    ['status = ?', f.status],
    ['status >= ?', f.statusFrom],
    ['status <= ?', f.statusTo],
    ['reason = ?', f.reason],
    ['client_address = ?', f.clientAddress],
    ['trace_id = ?', f.traceId],
    ['time >= ?', f.from],
    ['time < ?', f.to],
    ['duration_us >= ?', micros(f.slowerThanMs)],
    ['upstream_us >= ?', micros(f.upstreamSlowerThanMs)],
    ['request_bytes >= ?', f.requestBytesFrom],
    ['response_bytes >= ?', f.responseBytesFrom],
    anyOf('route', f.routes),
    anyOf('project', f.projects),
    place,
  ]);
  const parts = filter.sql ? [filter.sql.slice('WHERE '.length)] : [];
  const values = filter.values;
  if (f.id !== undefined) {
    // A record of a request id that the caller chose is kept as `<id>~<uuid>`.
    parts.push('(id = ? OR starts_with(id, ?))');
    values.push(f.id, `${f.id}~`);
  }
  return { sql: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', values };
}

const twice = (value: string | undefined) => (value === undefined ? undefined : [value, value]);
const micros = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms * 1000));

function valuesOf(r: ToldCall): Value[] {
  return [
    r.id,
    Math.round(r.time),
    r.project,
    r.consumer,
    r.clientAddress,
    r.route,
    r.method,
    r.protocol,
    r.path,
    r.release,
    r.status,
    r.reason,
    Math.round(r.durationMs * 1000),
    Math.round(r.upstreamMs * 1000),
    r.requestBytes,
    r.responseBytes,
    r.traceId,
    r.story,
  ];
}

const callOf = (row: Row): CallRecord => ({
  id: text(row, 'id'),
  time: number(row, 'time'),
  project: text(row, 'project'),
  consumer: text(row, 'consumer'),
  clientAddress: text(row, 'client_address'),
  route: text(row, 'route'),
  method: text(row, 'method'),
  protocol: text(row, 'protocol'),
  path: text(row, 'path'),
  release: text(row, 'release'),
  status: number(row, 'status'),
  reason: text(row, 'reason'),
  durationMs: number(row, 'duration_us') / 1000,
  upstreamMs: number(row, 'upstream_us') / 1000,
  requestBytes: number(row, 'request_bytes'),
  responseBytes: number(row, 'response_bytes'),
  traceId: text(row, 'trace_id'),
});
