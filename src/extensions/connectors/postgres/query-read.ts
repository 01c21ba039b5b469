/**
 * One call on one connection, in one round trip: BEGIN READ ONLY, the prepared shape with its values,
 * ROLLBACK, all pipelined. The extended protocol takes exactly one statement, and the portal's row count
 * enforces the cap. Source: PostgreSQL manual 55.2.3 "Extended Query" and 55.2.4 "Pipelining".
 */
import type pg from 'pg';
import { type BoundValue, QueryFailure, type QueryLimits, type QueryResult, SORT_NOT_UNIQUE } from '../../../sdk/index.ts';
import { columnTypeOf, type JsonWriter, jsonWriterOf } from './query-json.ts';
import { BEGIN, type PooledClient, type PreparedStatement, ROLLBACK } from './query-pool.ts';

const STATEMENTS_MAX = 256;
const encoder = new TextEncoder();

/** The parts of pg's connection that a submitted query drives. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  parse(query: { name?: string; text: string }): void;
  bind(config: { statement: string; values?: readonly (string | null)[] }): void;
  describe(of: { type: 'P'; name: string }): void;
  execute(config: { rows?: number }): void;
  close(of: { type: 'S'; name: string }): void;
  sync(): void;
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

interface ColumnWriter {
  /** `"name":` with the comma before it. */
  readonly head: string;
  readonly write: JsonWriter;
  readonly field: Field;
}

export interface ReadRequest {
  readonly sql: string;
  readonly values: readonly BoundValue[];
  readonly limits: QueryLimits;
  readonly sortColumns: readonly string[];
  /** Called once when an answer passed its byte cap: the server should stop sending. */
  readonly enough: () => void;
}

/** Runs the call; rejects with the server's error or a QueryFailure. The connection needs a ROLLBACK after a failure. */
export function readRows(pooled: PooledClient, request: ReadRequest): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    pooled.client.query(new ReadQuery(pooled, request, resolve, reject) as unknown as pg.Submittable);
  });
}

/** What pg calls a submittable: it is given each message of the server that belongs to it. */
class ReadQuery {
  readonly #pooled: PooledClient;
  readonly #request: ReadRequest;
  readonly #resolve: (result: QueryResult) => void;
  readonly #reject: (error: unknown) => void;
  #statement: PreparedStatement | undefined;
  #columns: readonly ColumnWriter[] = [];
  #sort: readonly number[] = [];
  #json = '';
  #bytes = 2;
  #rows = 0;
  #more = false;
  #last: readonly (string | null)[] | undefined;
  #failure: QueryFailure | undefined;

  constructor(pooled: PooledClient, request: ReadRequest, resolve: (result: QueryResult) => void, reject: (error: unknown) => void) {
    this.#pooled = pooled;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: unknown): void {
    const wire = connection as Wire;
    const { limits, values } = this.#request;
    wire.stream.cork();
    this.#limitTime(wire, limits.timeoutMs);
    wire.bind({ statement: BEGIN });
    wire.execute({});
    this.#statement = this.#prepare(wire);
    wire.bind({ statement: this.#statement.name, values: values.map((v) => v.value) });
    wire.describe({ type: 'P', name: '' });
    wire.execute(limits.pageRows ? {} : { rows: Math.min(limits.rowsMax, limits.firstRows ?? Infinity) + 1 });
    wire.bind({ statement: ROLLBACK });
    wire.execute({});
    wire.sync();
    wire.stream.uncork();
  }

  /** Set only when it differs from the session's, by a number of ours. */
  #limitTime(wire: Wire, timeoutMs: number): void {
    if (this.#pooled.timeoutMs === timeoutMs) return;
    wire.parse({ text: `SET statement_timeout = ${Math.ceil(timeoutMs)}` });
    wire.bind({ statement: '' });
    wire.execute({});
    this.#pooled.timeoutMs = timeoutMs;
  }

  #prepare(wire: Wire): PreparedStatement {
    const { statements } = this.#pooled;
    const { sql } = this.#request;
    const known = statements.get(sql);
    if (known) {
      statements.delete(sql);
      statements.set(sql, known);
      return known;
    }
    if (statements.size >= STATEMENTS_MAX) {
      const [oldest] = statements;
      statements.delete(oldest![0]);
      wire.close({ type: 'S', name: oldest![1].name });
    }
    const fresh: PreparedStatement = { name: `weir_q${++this.#pooled.sequence}` };
    statements.set(sql, fresh);
    wire.parse({ name: fresh.name, text: sql });
    return fresh;
  }

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    const statement = this.#statement!;
    statement.writers ??= fields.map(
      (field, i): ColumnWriter => ({
        head: `${i === 0 ? '' : ','}${JSON.stringify(field.name)}:`,
        write: jsonWriterOf(field.dataTypeID),
        field,
      }),
    );
    this.#columns = statement.writers as readonly ColumnWriter[];
    this.#sort = this.#request.sortColumns.map((name) => fields.findIndex((f) => f.name === name));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    const { limits } = this.#request;
    if (this.#failure || this.#more) return;
    if (limits.firstRows && this.#rows >= limits.firstRows) return void (this.#more = true);
    if (limits.pageRows && this.#rows >= limits.pageRows) return this.#afterPage(fields);
    if (this.#rows >= limits.rowsMax)
      return this.#fail(
        new QueryFailure('rows', { en: `the answer has more than ${limits.rowsMax} rows`, zh: `结果多于 ${limits.rowsMax} 行` }),
      );
    let row = this.#rows === 0 ? '{' : ',{';
    for (let i = 0; i < fields.length; i++) {
      const column = this.#columns[i]!;
      const text = fields[i]!;
      row += column.head + (text === null ? 'null' : column.write(text));
    }
    row += '}';
    this.#bytes += Buffer.byteLength(row);
    if (this.#bytes > limits.bytesMax) {
      this.#fail(
        new QueryFailure('bytes', { en: `the answer has more than ${limits.bytesMax} bytes`, zh: `结果超过 ${limits.bytesMax} 字节` }),
      );
      return this.#request.enough();
    }
    this.#json += row;
    this.#rows += 1;
    this.#last = fields;
  }

  /** A next page exists. Were its first row equal in all sort columns, the cursor would skip it. */
  #afterPage(fields: readonly (string | null)[]): void {
    this.#more = true;
    if (this.#sort.every((i) => fields[i] === this.#last![i])) this.#fail(new QueryFailure('failed', SORT_NOT_UNIQUE));
  }

  #fail(failure: QueryFailure): void {
    this.#failure = failure;
  }

  handleReadyForQuery(): void {
    if (this.#failure) return this.#reject(this.#failure);
    const last = this.#last;
    const lastSort =
      last && this.#sort.map((i): BoundValue => ({ value: last[i]!, type: columnTypeOf(this.#columns[i]!.field.dataTypeID) }));
    this.#resolve({ json: encoder.encode(`[${this.#json}]`), rows: this.#rows, more: this.#more, lastSort: lastSort ?? null });
  }

  handleError(error: unknown): void {
    // What was prepared in this round trip may not exist: forget it.
    if (this.#statement && !this.#statement.writers) this.#pooled.statements.delete(this.#request.sql);
    this.#pooled.timeoutMs = undefined;
    this.#reject(this.#failure ?? error);
  }

  handleCommandComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(connection: { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail('data APIs do not copy');
  }
  handleCopyData(): void {}
}
