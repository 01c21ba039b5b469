/**
 * A source and a sink in memory, by the connector contract: the source has transactions that appear late,
 * the sink commits rows and checkpoint together and fences by epoch. Each call goes through `call`.
 */
import type { Connector, SinkSession, SinkTarget } from '../../src/sdk/connector.ts';
import type { Batch, Checkpoint, Position, StreamSchema } from '../../src/sdk/record.ts';

export type Call = <V>(what: string, effect: () => V) => Promise<V>;

export interface Row {
  readonly id: number;
  readonly at: number;
  readonly text: string;
}

export const ITEMS: StreamSchema = {
  name: 'items',
  namespace: undefined,
  table: 'items',
  primaryKey: ['id'],
  uniqueKeys: [['id']],
  rowsEstimate: undefined,
  columns: [
    { name: 'id', type: 'int64', nullable: false, sourceType: 'int' },
    { name: 'at', type: 'int64', nullable: false, sourceType: 'int' },
    { name: 'text', type: 'text', nullable: true, sourceType: 'text' },
  ],
};

/** Text that sorts as its number. */
const padded = (n: number) => String(n).padStart(12, '0');
const before = (a: Row, b: Row) => a.at - b.at || a.id - b.id;
const isAfter = (row: Row, p: Position | null) =>
  !p || row.at > Number(p.cursor) || (row.at === Number(p.cursor) && row.id > Number(p.key[0]));
export const encode = (rows: readonly Row[]) => Buffer.from(rows.map((r) => `${r.id}\t${r.at}\t${r.text}\n`).join(''));
export const decode = (data: Uint8Array): Row[] =>
  Buffer.from(data)
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id, at, text] = line.split('\t');
      return { id: Number(id), at: Number(at), text: text! };
    });

export interface Transaction {
  /** Every cursor value it writes is at least this: what an oldest-transaction bound sees. */
  readonly since: number;
  readonly rows: Row[];
}

/** What the source database holds. */
export interface SourceTable {
  readonly rows: Map<number, Row>;
  readonly open: Set<Transaction>;
  /** Next cursor value; may be given to several rows. */
  now: number;
  begin(): Transaction;
  commit(transaction: Transaction): void;
}

export function sourceTable(): SourceTable {
  const table: SourceTable = {
    rows: new Map(),
    open: new Set(),
    now: 1,
    begin() {
      const transaction = { since: table.now, rows: [] };
      table.open.add(transaction);
      return transaction;
    },
    commit(transaction) {
      table.open.delete(transaction);
      for (const row of transaction.rows) table.rows.set(row.id, row);
    },
  };
  return table;
}

export function memorySource(table: SourceTable, call: Call, batchRows: number): Connector {
  return {
    ...unused(call),
    source: {
      bound: (_stream, _cursor, _lookback, signal) =>
        call('bound', () => {
          signal.throwIfAborted();
          const oldest = Math.min(table.now, ...[...table.open].map((t) => t.since));
          return { upTo: padded(oldest - 1), nullCursors: 0 };
        }),
      async *read({ mode }, signal) {
        const rows = await call('snapshot', () =>
          [...table.rows.values()]
            .sort(before)
            .filter((row) => mode.type === 'full' || (isAfter(row, mode.after) && row.at <= Number(mode.upTo))),
        );
        for (let i = 0; i < rows.length; i += batchRows) {
          const part = rows.slice(i, i + batchRows);
          const last = part[part.length - 1]!;
          const batch: Batch = {
            stream: 'items',
            columns: ITEMS.columns,
            data: encode(part),
            rows: part.length,
            last: { cursor: padded(last.at), key: [String(last.id)] },
          };
          yield await call(`batch of ${part.length}`, () => (signal.throwIfAborted(), batch));
        }
      },
    },
  };
}

/** What the sink database holds. */
export interface SinkTable {
  rows: Row[];
  checkpoint: Checkpoint | null;
  fence: number;
}

export function sinkTable(): SinkTable {
  return { rows: [], checkpoint: null, fence: 0 };
}

/** `committed` sees the table right after each commit, inside its transaction. */
export function memorySink(table: SinkTable, call: Call, committed: (table: SinkTable) => void = () => {}): Connector {
  return {
    ...unused(call),
    sink: {
      open: (target, signal) => call(`open epoch ${target.epoch}`, () => openTable(table, target, signal, call, committed)),
    },
  };
}

function openTable(
  table: SinkTable,
  target: SinkTarget,
  signal: AbortSignal,
  call: Call,
  committed: (table: SinkTable) => void,
): SinkSession {
  signal.throwIfAborted();
  const fenced = () => {
    if (table.fence > target.epoch) throw new Error(`epoch ${target.epoch} is fenced off by ${table.fence}`);
  };
  fenced();
  table.fence = target.epoch;
  let staged: Row[] = [];
  const end = (position: Position | null, rows: Row[]): Checkpoint => {
    fenced();
    const { pipeline, stream, epoch, run } = target;
    table.rows = rows;
    table.checkpoint = { pipeline, stream, epoch, run, position: position ?? table.checkpoint?.position ?? null, rows: staged.length };
    staged = [];
    committed(table);
    return table.checkpoint;
  };
  return {
    checkpoint: table.checkpoint,
    write: (batch, own) =>
      call(`write ${batch.rows}`, () => {
        own.throwIfAborted();
        staged.push(...decode(batch.data));
      }),
    commit: (position, own) =>
      call(`commit up to ${position?.cursor}`, () => {
        own.throwIfAborted();
        const merged =
          target.write === 'upsert' ? [...new Map([...table.rows, ...staged].map((r) => [r.id, r])).values()] : [...table.rows, ...staged];
        return end(position, merged);
      }),
    finish: (own) =>
      call('finish', () => {
        own.throwIfAborted();
        return end(null, staged);
      }),
    close: () => call('close', () => void (staged = [])),
  };
}

function unused(call: Call): Connector {
  return {
    check: () => (async function* () {})(),
    discover: (signal) => call('discover', () => (signal.throwIfAborted(), [ITEMS])),
    preview: () => call('preview', () => ({ stream: 'items', columns: ITEMS.columns, data: new Uint8Array(), rows: 0 })),
    close: () => call('disconnect', () => {}),
  };
}
