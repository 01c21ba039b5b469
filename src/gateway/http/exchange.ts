/**
 * The exchange of a request: contract.ts `GatewayExchange` over a parsed head. Texts are made when asked for.
 * In: a complete request head. Out: what core and policies see, and what goes upstream with the request:
 * request id (the caller's when sane, else a new one), trace context (W3C: a new one when the caller's is
 * missing, repeated or malformed; then its `tracestate` goes too).
 */
import { assert } from '../../base/assert.ts';
import type { ConsumerIdentity } from '../../sdk/exchange.ts';
import type { ClientCertificate } from '../../sdk/listener.ts';
import type { GatewayExchange, TextSink } from '../contract.ts';
import type { Entrance } from './entrance.ts';
import { Fields } from './fields.ts';
import { DROPPED, type Head } from './head.ts';
import { type IdBatch, isSaneRequestId, readTraceparent, type RequestIds, type TraceBatch } from './ids.ts';
import { knownText } from './known-texts.ts';
import type { Writer } from './writer.ts';

/** The engine's own side of an exchange. */
export interface EngineExchange extends GatewayExchange {
  readonly head: Head;
  readonly request: Fields;
  readonly response: Fields;
  status: number;
  readonly isHead: boolean;
  /** True for methods that may be repeated. Source: RFC 9110 §9.2.2. */
  readonly isIdempotent: boolean;
  /** True for methods that ask without changing anything. Source: RFC 9110 §9.2.1. */
  readonly isSafe: boolean;
  /** Adds `x-request-id` and `traceparent` to a head for the upstream, as far as the caller's do not pass, and the head's end. */
  writeIdentity(out: Writer): void;
  /** Adds `x-request-id` to an answer's head, `connection: close` when asked for, and the head's end. */
  writeAnswerEnd(out: Writer, close: boolean): void;
  /** Fires `signal`. */
  abort(reason: string): void;
  /** After `onDone`: answers the head for reuse; whoever still holds the exchange sees no fields any more. */
  end(): Head;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE'];
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const NO_ROUTE = Object.freeze({ name: '', project: '', release: '' });
const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * The exchange of a complete, accepted request head. `listener`: its name; `startedAt`: monotonic milliseconds. Arguments and no
 * object of them: one is made for each request.
 */
export class HeadExchange implements EngineExchange {
  readonly method: string;
  readonly path: string;
  readonly hasCallersId: boolean;
  readonly clientAddress: string;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly listener: string;
  readonly startedAt: number;
  clockAt = -0.5; // A fraction: the engine keeps such fields as numbers in place.
  readonly request: Fields;
  readonly response = new Fields(undefined);
  params = NO_PARAMS;
  route: GatewayExchange['route'] = NO_ROUTE;
  state: unknown = undefined;
  consumer: ConsumerIdentity | undefined = undefined;
  status = 0;
  private held: Head | undefined;
  private controller: AbortController | undefined = undefined;
  private aborted: string | undefined = undefined;
  /** The first note in place; owner, note, owner, note … of those after it: an exchange has few. */
  private firstOwner: object | undefined = undefined;
  private firstNote: unknown = undefined;
  private notes: unknown[] | undefined = undefined;
  /** Of ids made here the texts are made when somebody asks. */
  private idText: string | undefined;
  private readonly ids: IdBatch | undefined = undefined;
  private readonly idNumber: number = 0;
  private traceText: string | undefined;
  private readonly traces: TraceBatch | undefined = undefined;
  private readonly traceNumber: number = 0;
  private readonly hasNewTrace: boolean;

  constructor(
    head: Head,
    entrance: Pick<Entrance, 'certificate'>,
    clientAddress: string,
    listener: string,
    startedAt: number,
    ids: RequestIds,
  ) {
    this.held = head;
    this.request = new Fields(head);
    if (head.chunked) this.request.watch();
    this.clientAddress = clientAddress;
    this.clientCertificate = entrance.certificate;
    this.listener = listener;
    this.startedAt = startedAt;
    this.method = methodText(head);
    this.path = head.pathEnd > head.pathStart ? knownText(head.buffer, head.pathStart, head.pathEnd) : '/';
    this.idText = callerId(head);
    this.hasCallersId = this.idText !== undefined;
    if (this.idText === undefined) {
      this.ids = ids.idBatch(startedAt);
      this.idNumber = this.ids.take();
    }
    this.traceText = callerTrace(head);
    this.hasNewTrace = head.traceparentIndex < 0 || head.kinds[head.traceparentIndex] === DROPPED;
    if (this.traceText === undefined) {
      this.traces = ids.traceBatch();
      this.traceNumber = this.traces.take();
    }
  }

  get id(): string {
    return (this.idText ??= this.ids!.text(this.idNumber));
  }

  get traceparent(): string {
    return (this.traceText ??= this.traces!.text(this.traceNumber));
  }

  writeId(out: TextSink): void {
    if (this.ids) this.ids.writeId(out, this.idNumber);
    else out.text(this.idText!);
  }

  writeTraceId(out: TextSink): void {
    if (this.traces) this.traces.writeId(out, this.traceNumber);
    else out.text(this.traceId);
  }

  writeIdentity(out: Writer): void {
    if (this.ids) this.ids.writeField(out, this.idNumber);
    if (this.traces) {
      this.traces.writeField(out, this.traceNumber);
    } else if (this.hasNewTrace) {
      out.text('\r\ntraceparent: ');
      out.text(this.traceText!);
    }
    out.text('\r\n\r\n');
  }

  writeAnswerEnd(out: Writer, close: boolean): void {
    if (this.ids && !close) return this.ids.writeLast(out, this.idNumber);
    out.text('x-request-id: ');
    this.writeId(out);
    out.text(close ? '\r\nconnection: close\r\n\r\n' : '\r\n\r\n');
  }

  get head(): Head {
    assert(this.held, 'the exchange is over');
    return this.held;
  }

  get query(): string {
    const head = this.held;
    if (!head) return '';
    return head.targetEnd - head.pathEnd > 1 ? head.buffer.toString('latin1', head.pathEnd + 1, head.targetEnd) : '';
  }

  get host(): string {
    const head = this.held;
    return !head || head.hostIndex < 0 ? '' : head.value(head.hostIndex);
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  get changes(): number {
    return this.request.changes + this.response.changes;
  }

  get isHead(): boolean {
    return this.method === 'HEAD';
  }

  get isIdempotent(): boolean {
    return IDEMPOTENT.has(this.method);
  }

  get isSafe(): boolean {
    return SAFE.has(this.method);
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted !== undefined) this.controller.abort(new Error(this.aborted));
    }
    return this.controller.signal;
  }

  abort(reason: string): void {
    if (this.aborted !== undefined) return;
    this.aborted = reason;
    this.controller?.abort(new Error(reason));
  }

  end(): Head {
    const { head } = this;
    this.held = undefined;
    this.request.clear();
    this.response.clear();
    return head;
  }

  note(owner: object): unknown {
    if (owner === this.firstOwner) return this.firstNote;
    const { notes } = this;
    if (!notes) return undefined;
    for (let i = 0; i < notes.length; i += 2) if (notes[i] === owner) return notes[i + 1];
    return undefined;
  }

  setNote(owner: object, value: unknown): void {
    if (this.firstOwner === undefined || this.firstOwner === owner) {
      this.firstOwner = owner;
      this.firstNote = value;
      return;
    }
    const notes = (this.notes ??= []);
    let i = 0;
    while (i < notes.length && notes[i] !== owner) i += 2;
    notes[i] = owner;
    notes[i + 1] = value;
  }
}

function methodText(head: Head): string {
  const { buffer: b, start, methodEnd } = head;
  for (const method of METHODS) {
    if (method.length !== methodEnd - start || method.charCodeAt(0) !== b[start]) continue;
    let i = 1;
    while (i < method.length && method.charCodeAt(i) === b[start + i]) i++;
    if (i === method.length) return method;
  }
  return b.toString('latin1', start, methodEnd);
}

/** The caller's id when there is exactly one and it is sane; an insane one is dropped. */
function callerId(head: Head): string | undefined {
  if (head.requestIdIndex < 0 || head.kinds[head.requestIdIndex] === DROPPED) return undefined;
  const text = head.value(head.requestIdIndex);
  if (isSaneRequestId(text)) return text;
  head.kinds[head.requestIdIndex] = DROPPED;
  return undefined;
}

/** The caller's trace when valid. Else every trace field is dropped, `tracestate` too. */
function callerTrace(head: Head): string | undefined {
  const index = head.traceparentIndex;
  if (index === -1) return undefined;
  if (index >= 0 && head.kinds[index] !== DROPPED) {
    const text = head.value(index);
    const read = readTraceparent(text);
    if (read !== undefined) {
      if (read !== text) head.kinds[index] = DROPPED; // Of a later version: goes on as ours.
      return read;
    }
  }
  dropTrace(head);
  return undefined;
}

function dropTrace(head: Head): void {
  for (let n = 0; n < head.count; n++) {
    const length = head.spans[n * 4 + 1]! - head.spans[n * 4]!;
    if (length !== 11 && length !== 10) continue;
    const name = head.buffer.toString('latin1', head.spans[n * 4], head.spans[n * 4 + 1]).toLowerCase();
    if (name === 'traceparent' || name === 'tracestate') head.kinds[n] = DROPPED;
  }
}
