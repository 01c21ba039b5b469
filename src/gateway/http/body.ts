/** Where a body ends: by length, by chunks, by the connection's end, or there is none. Both directions. */
import { Chunked } from './chunked.ts';
import type { Head } from './head.ts';

const NONE = 0;
const LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;

/** The position in one body; `none`, `length`, `chunked` or `untilClose` before each, then `take`. */
export class Body {
  /** True when the last byte was taken. Never for `untilClose`, until `ended`. */
  done = true;
  /** Bytes up to here of the last `take` are to be passed on. */
  passEnd = 0;
  private kind = NONE;
  private rest = 0;
  private size = 0;
  private chunks: Chunked | undefined;

  get isChunked(): boolean {
    return this.kind === CHUNKED;
  }

  get isUntilClose(): boolean {
    return this.kind === UNTIL_CLOSE;
  }

  /** Bytes of content so far, framing not counted. */
  get contentBytes(): number {
    return this.kind === CHUNKED ? this.chunks!.dataBytes : this.size;
  }

  /** Of a chunked body that is done: see `Chunked.trailers`. */
  get trailers(): Buffer | undefined {
    return this.kind === CHUNKED ? this.chunks!.trailers : undefined;
  }

  none(): void {
    this.begin(NONE, true);
  }

  length(bytes: number): void {
    this.rest = bytes;
    this.begin(LENGTH, bytes === 0);
  }

  chunked(): void {
    (this.chunks ??= new Chunked()).reset();
    this.begin(CHUNKED, false);
  }

  /** `trailers` of this body will be asked for. */
  keepTrailers(): void {
    if (this.kind === CHUNKED) this.chunks!.keepsTrailers = true;
  }

  untilClose(): void {
    this.begin(UNTIL_CLOSE, false);
  }

  /** The connection ended: true when that is this body's end. */
  ended(): boolean {
    if (this.kind === UNTIL_CLOSE) this.done = true;
    return this.done;
  }

  /** Takes what belongs to the body from `b[i, end)`: the index after it, or -1 when it is malformed. */
  take(b: Uint8Array, i: number, end: number, onData?: (start: number, end: number) => void): number {
    if (this.done) {
      this.passEnd = i;
      return i;
    }
    if (this.kind === CHUNKED) {
      const next = this.chunks!.take(b, i, end, onData);
      this.passEnd = this.chunks!.passEnd;
      this.done = this.chunks!.done;
      return next;
    }
    const next = this.kind === LENGTH ? Math.min(end, i + this.rest) : end;
    this.size += next - i;
    if (this.kind === LENGTH && (this.rest -= next - i) === 0) this.done = true;
    this.passEnd = next;
    return next;
  }

  private begin(kind: number, done: boolean): void {
    this.kind = kind;
    this.done = done;
    this.size = 0;
  }
}

/** Where the body of an accepted request ends. Source: RFC 9112 §6.3. */
export function frameRequest(body: Body, head: Head): void {
  if (head.chunked) body.chunked();
  else body.length(Math.max(0, head.contentLength));
}

/** Where the body of a final response ends; `isHead`: it answers a HEAD request. Source: RFC 9112 §6.3. */
export function frameResponse(body: Body, head: Head, isHead: boolean): void {
  if (isHead || head.status === 204 || head.status === 304) body.none();
  else if (head.chunked) body.chunked();
  else if (head.contentLength >= 0) body.length(head.contentLength);
  else body.untilClose();
}
