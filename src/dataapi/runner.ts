/**
 * The gateway thread's side of data APIs: checks values, picks the shape, asks the query thread over a
 * port, makes the answer. Holds no connection and does no I/O but messages.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import type { Problem } from '../base/problem.ts';
import type { CompiledDataApi, DataApiAnswer, DataApiRunner } from '../sdk/dataapi.ts';
import type { BoundValue } from '../sdk/query.ts';
import { readCursor, writeCursor } from './cursor.ts';
import problems from './problems.ts';
import { connectionKey, type FailureReason, type QueryReplyMessage, type QueryRequestMessage } from './protocol.ts';
import { evaluateTest, type Test } from './template/condition.ts';
import { cursorBind, PAGE_SIZE_BIND } from './template/shapes.ts';
import { createValueReader, type RequestValues, type ValueReader } from './values.ts';

export interface RunnerLimits {
  /** Calls of this thread that may be under way. */
  readonly callsMax: number;
  /** Past a query's own limit and the wait for a connection: then the query thread counts as gone. */
  readonly replyGraceMs: number;
  /** Shapes this thread keeps registered with the query thread. */
  readonly shapesMax: number;
  readonly retryAfterMs: number;
}

export const RUNNER_LIMITS: RunnerLimits = Object.freeze({ callsMax: 1024, replyGraceMs: 3_000, shapesMax: 4096, retryAfterMs: 1_000 });

/** A runner that can be given the port of a query thread that was started anew. */
export interface PortRunner extends DataApiRunner {
  /** Uses `port` from now on; calls under way on the old one end with 503. */
  attach(port: MessagePort): void;
  close(): void;
}

type Rows = Extract<QueryReplyMessage, { type: 'rows' }>;

interface Pending {
  resolve(rows: Rows): void;
  fail(reason: FailureReason): void;
}

/** Makes the runner of one gateway thread; `port` leads to the query thread. */
export function createRunner(options: {
  readonly port: MessagePort;
  readonly clock: Clock;
  readonly limits?: Partial<RunnerLimits>;
}): PortRunner {
  const limits = { ...RUNNER_LIMITS, ...options.limits };
  const readers = new WeakMap<CompiledDataApi, ValueReader>();
  const channel = new Channel(options.port, options.clock, limits);
  const readerOf = (api: CompiledDataApi): ValueReader => {
    let reader = readers.get(api);
    if (!reader) readers.set(api, (reader = createValueReader(api)));
    return reader;
  };
  return {
    async run(request) {
      const { api, method } = request;
      if (method !== 'GET' && method !== 'HEAD') throw problems.raise['method-not-allowed']({ values: { method } });
      const values = readerOf(api)(request);
      const after = values.cursor === undefined ? undefined : readCursor(api, values.cursor);
      const index = shapeIndex(api, values, after !== undefined);
      const rows = await channel.ask(api, index, bindValues(api, index, values, after), values.pageSize, request.signal);
      return answer(api, rows, values);
    },
    attach: (port) => channel.attach(port),
    close: () => channel.close(),
  };
}

/** Which shape a call runs: bit i is set when `<if>` i is taken; with a cursor, the second half. */
export function shapeIndex(api: CompiledDataApi, { values }: RequestValues, after: boolean): number {
  const valueOf = (name: string) => values.get(name) ?? null;
  const mask = (api.conditions as readonly Test[]).reduce((bits, test, i) => (evaluateTest(test, valueOf) ? bits | (1 << i) : bits), 0);
  return after ? mask + 2 ** api.conditions.length : mask;
}

/** What a shape binds, in its order. */
export function bindValues(
  api: CompiledDataApi,
  index: number,
  { values, pageSize }: RequestValues,
  after: readonly BoundValue[] | undefined,
): BoundValue[] {
  const shape = api.shapes[index]!;
  return shape.binds.map((name, i) => {
    if (name === PAGE_SIZE_BIND) return { value: String(pageSize + 1), type: 'int64' };
    const sort = after?.findIndex((_, k) => cursorBind(k) === name) ?? -1;
    return sort >= 0 ? after![sort]! : { value: values.get(name) ?? null, type: shape.parameterTypes[i]! };
  });
}

function answer(api: CompiledDataApi, rows: Rows, values: RequestValues): DataApiAnswer {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'cache-control': 'private, no-store' };
  if (api.single) {
    if (rows.rows === 0) throw problems.raise['not-found']();
    return { status: 200, headers, body: rows.json.subarray(1, -1), rows: 1 };
  }
  if (api.page && rows.more) {
    const cursor = rows.lastSort && rows.lastSort.every((v) => v.value !== null) ? writeCursor(api, rows.lastSort) : null;
    if (cursor === null)
      throw problems.raise['query-failed']({ cause: new Error('a sort value of the last row is null or too long for a cursor') });
    const pairs = [...values.pairs, ['cursor', cursor] as const];
    headers['link'] = `<?${pairs.map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&')}>; rel="next"`;
    headers['x-next-cursor'] = cursor;
  }
  return { status: 200, headers, body: rows.json, rows: rows.rows };
}

/** The port with its calls in flight and the shapes the far side has learnt. */
class Channel {
  readonly #clock: Clock;
  readonly #limits: RunnerLimits;
  readonly #pending = new Map<number, Pending>();
  #port: MessagePort;
  #calls = 0;
  #shapes = 0;
  #learnt = new Map<CompiledDataApi, Map<number, number>>();

  constructor(port: MessagePort, clock: Clock, limits: RunnerLimits) {
    this.#port = port;
    this.#clock = clock;
    this.#limits = limits;
    this.#listen(port);
  }

  attach(port: MessagePort): void {
    const old = this.#port;
    this.#port = port;
    this.#learnt = new Map();
    this.#failAll();
    old.close();
    this.#listen(port);
  }

  close(): void {
    this.#port.close();
  }

  ask(api: CompiledDataApi, index: number, values: readonly BoundValue[], pageRows: number, signal: AbortSignal): Promise<Rows> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#pending.size >= this.#limits.callsMax) return reject(toProblem('busy', api, this.#limits));
      const call = ++this.#calls;
      const settle = () => {
        this.#pending.delete(call);
        stopTimer();
        signal.removeEventListener('abort', abort);
      };
      const fail = (reason: FailureReason) => {
        settle();
        reject(toProblem(reason, api, this.#limits));
      };
      const abort = () => {
        settle();
        this.#send({ type: 'cancel', call });
        reject(signal.reason);
      };
      const stopTimer = this.#clock.after(api.limits.timeoutMs + this.#limits.replyGraceMs, () => {
        this.#send({ type: 'cancel', call });
        fail('timeout');
      });
      const succeed = (rows: Rows) => {
        settle();
        resolve(rows);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#pending.set(call, { fail, resolve: succeed });
      this.#send({ type: 'run', call, shape: this.#shapeId(api, index), values, pageRows });
    });
  }

  #listen(port: MessagePort): void {
    port.on('message', (reply: QueryReplyMessage) => {
      const call = this.#pending.get(reply.call);
      if (reply.type === 'rows') call?.resolve(reply);
      else call?.fail(reply.reason);
    });
    port.on('close', () => {
      if (port === this.#port) this.#failAll();
    });
  }

  #failAll(): void {
    for (const call of this.#pending.values()) call.fail('unavailable');
  }

  #send(message: QueryRequestMessage): void {
    this.#port.postMessage(message, []);
  }

  /** The number of a shape, teaching it to the far side at its first use. */
  #shapeId(api: CompiledDataApi, index: number): number {
    const known = this.#learnt.get(api)?.get(index);
    if (known !== undefined) return known;
    // Shapes of releases that are gone pile up slowly; now and then all are learnt anew.
    if (this.#shapes % this.#limits.shapesMax === this.#limits.shapesMax - 1) this.#forgetAll();
    const ids = this.#learnt.get(api) ?? new Map<number, number>();
    this.#learnt.set(api, ids);
    const id = ++this.#shapes;
    ids.set(index, id);
    const { sql, parameterTypes } = api.shapes[index]!;
    const info = {
      connection: connectionKey(api.project, api.connection),
      dialect: api.dialect,
      shape: { sql, parameterTypes },
      sortColumns: api.page?.sort.map((s) => s.column) ?? [],
      limits: api.limits,
    };
    this.#send({ type: 'shape', id, info });
    return id;
  }

  #forgetAll(): void {
    for (const ids of this.#learnt.values()) for (const id of ids.values()) this.#send({ type: 'forget', id });
    this.#learnt = new Map();
  }
}

/** What the caller is told; the database's own words stay in the query thread's log. */
function toProblem(reason: FailureReason, api: CompiledDataApi, limits: RunnerLimits): Problem {
  const { raise } = problems;
  const later = { values: { seconds: Math.ceil(limits.retryAfterMs / 1000) }, retryAfterMs: limits.retryAfterMs };
  switch (reason) {
    case 'busy':
      return raise.busy(later);
    case 'unavailable':
      return raise.unavailable(later);
    case 'timeout':
      return raise.timeout({ values: { ms: api.limits.timeoutMs } });
    case 'rows':
      return api.single ? raise['not-single']() : raise['answer-too-large']({ values: { cap: api.limits.rowsMax, unit: 'rows' } });
    case 'bytes':
      return raise['answer-too-large']({ values: { cap: api.limits.bytesMax, unit: 'bytes' } });
    case 'value':
      return raise['value-refused']();
    case 'cancelled':
    case 'refused':
    case 'failed':
      return raise['query-failed']();
  }
}
