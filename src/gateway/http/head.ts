/**
 * One message head, read incrementally: bytes in any pieces, spans out, no text made on the way.
 * Every byte is looked at once; a head split anywhere continues where it stopped. Whatever two readers
 * could see differently is a fault. Meaning of the fields: see field-rules.ts. Source: RFC 9112 §2–§6.
 */
import { isAuthority, PATH, QUERY, sameRange, sameWord, TOKEN, VALUE, word } from './bytes.ts';
import { applyNominations, readRequestField, readResponseField } from './field-rules.ts';
import { knownText } from './known-texts.ts';

/** Why a head is refused; each is a problem of `problems.ts`. */
export type HeadFault =
  | 'request-line'
  | 'method-too-long'
  | 'status-line'
  | 'target'
  | 'target-too-long'
  | 'version'
  | 'field'
  | 'head-too-large'
  | 'too-many-fields'
  | 'host'
  | 'host-mismatch'
  | 'content-length'
  | 'transfer-encoding'
  | 'length-conflict'
  | 'connection-field'
  | 'expectation'
  | 'tunnel';

/** What `parse` says: more bytes are needed, the head is complete, or it is refused (see `fault`). */
export const MORE = 0;
export const DONE = 1;
export const FAULT = 2;

/** Kinds of a field: copied as it came, left out, or visible but written by the engine itself. */
export const PLAIN = 0;
export const DROPPED = 1;
export const MANAGED = 2;

export interface HeadLimits {
  readonly headBytesMax: number;
  readonly headersMax: number;
  /** Of a request's target. */
  readonly targetBytesMax: number;
}

/** Nobody but a fault or an attack has a longer one; metrics, records and policies hold on to methods. */
const METHOD_BYTES_MAX = 32;

const START = 0;
const START_LF = 1;
const FIRST = 2;
const TARGET_PATH = 4;
const TARGET_QUERY = 5;
const VERSION = 6;
const LINE_LF = 7;
const STATUS = 8;
const REASON = 9;
const FIELD = 10;
const NAME = 11;
const SPACE = 12;
const CONTENT = 13;
const FIELD_LF = 14;
const END_LF = 15;

const HTTP1 = word('HTTP/1.');
const HTTP_SCHEME = word('http://');
const CONNECT = word('connect');
const OPTIONS = word('options');

/** A head of `kind`; use `begin` before each message and `parse` with every piece. */
export class Head {
  readonly isRequest: boolean;
  readonly fieldsMax: number;
  readonly bytesMax: number;
  readonly targetBytesMax: number;
  buffer: Buffer = EMPTY;
  fault: HeadFault | undefined = undefined;
  /** Offsets in `buffer`: the head's first byte, the next one to read, past the start line, past the whole head. */
  start = 0;
  at = 0;
  lineEnd = 0;
  end = 0;
  /** Four offsets a field: name start, name end, value start, value end. */
  readonly spans: Int32Array;
  readonly kinds: Uint8Array;
  count = 0;
  fieldsEnd = 0;
  /** Lengths of the fields' names: bit n % 32 for n. */
  private lengths = 0;

  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** The path inside the target; the same as the target's start unless it is in absolute form. */
  pathStart = 0;
  pathEnd = 0;
  /** 0 or 1, of HTTP/1.x. */
  minor = 1;
  status = 0;

  contentLength = -1;
  chunked = false;
  hostIndex = -1;
  connectionClose = false;
  connectionKeepAlive = false;
  wantsUpgrade = false;
  /** Index of the one `upgrade` field, -1 for none, -2 for several. */
  upgradeIndex = -1;
  /** Before `DONE`: `Connection` is to be read. After it: it names fields that must not pass. */
  hasNominations = false;
  expectsContinue = false;
  /** The request asks for trailers, by `TE` and by naming it in `Connection`. */
  wantsTrailers = false;
  hasDate = false;
  requestIdIndex = -1;
  /** Index of the one `traceparent`, -1 for none, -2 for several. */
  traceparentIndex = -1;

  private state = START;
  private mark = 0;
  private skippedLine = false;

  constructor(kind: 'request' | 'response', limits: HeadLimits) {
    this.isRequest = kind === 'request';
    this.fieldsMax = limits.headersMax;
    this.bytesMax = limits.headBytesMax;
    this.targetBytesMax = limits.targetBytesMax;
    this.spans = new Int32Array(limits.headersMax * 4);
    this.kinds = new Uint8Array(limits.headersMax);
  }

  /** Forgets everything and starts at `buffer[start]`. */
  begin(buffer: Buffer, start: number): void {
    this.buffer = buffer;
    this.fault = undefined;
    this.start = this.at = start;
    this.state = this.isRequest ? START : VERSION;
    this.mark = start;
    this.count = this.lineEnd = this.end = this.fieldsEnd = this.lengths = this.status = 0;
    this.methodEnd = this.targetStart = this.targetEnd = this.pathStart = this.pathEnd = 0;
    this.contentLength = this.hostIndex = this.requestIdIndex = this.traceparentIndex = this.upgradeIndex = -1;
    this.chunked = this.connectionClose = this.connectionKeepAlive = this.wantsUpgrade = false;
    this.hasNominations = this.expectsContinue = this.wantsTrailers = this.hasDate = this.skippedLine = false;
  }

  /** The same bytes now stand in `buffer`, `delta` further to the front. */
  moveTo(buffer: Buffer, delta: number): void {
    this.buffer = buffer;
    if (delta === 0) return;
    this.start -= delta;
    this.at -= delta;
    this.mark -= delta;
    this.lineEnd -= delta;
    this.end -= delta;
    this.fieldsEnd -= delta;
    this.methodEnd -= delta;
    this.targetStart -= delta;
    this.targetEnd -= delta;
    this.pathStart -= delta;
    this.pathEnd -= delta;
    const last = Math.min(this.count + 1, this.fieldsMax) * 4;
    for (let i = 0; i < last; i++) this.spans[i]! -= delta;
  }

  /** Reads on to `end` (exclusive). Call again with more bytes behind the same ones, or after `moveTo`. */
  parse(end: number): number {
    if (this.state < FIELD && !(this.isRequest ? this.requestLine(end) : this.statusLine(end))) return this.pause(end);
    if (!this.fields(end)) return this.pause(end);
    if (this.end - this.start > this.bytesMax) return this.refuse('head-too-large');
    if (!this.finish()) return FAULT;
    return DONE;
  }

  /** Start of the line of field `index`, or the end of the fields for `count`. */
  lineStart(index: number): number {
    return index < this.count ? this.spans[index * 4]! : this.fieldsEnd;
  }

  /** False when no name is so long: most fields that somebody asks for are not there. */
  mayHave(nameLength: number): boolean {
    return ((this.lengths >>> (nameLength & 31)) & 1) === 1;
  }

  /** The value of field `index`. */
  value(index: number): string {
    return knownText(this.buffer, this.spans[index * 4 + 2]!, this.spans[index * 4 + 3]!);
  }

  /** The one protocol the message asks to switch to, or agrees to, in lower case; empty for none. Source: RFC 9110 §7.8. */
  upgrade(): string {
    return this.wantsUpgrade && this.upgradeIndex >= 0 && this.minor === 1 ? this.value(this.upgradeIndex).toLowerCase() : '';
  }

  /** Marks the head as refused; answers FAULT. */
  refuse(fault: HeadFault): typeof FAULT {
    this.fault ??= fault;
    return FAULT;
  }

  private pause(end: number): number {
    if (this.fault !== undefined) return FAULT;
    if (this.isRequest && this.state < VERSION && this.state >= TARGET_PATH && end - this.targetStart > this.targetBytesMax)
      return this.refuse('target-too-long');
    if (end - this.start <= this.bytesMax) return MORE;
    return this.refuse(this.isRequest && this.state < VERSION ? 'target-too-long' : 'head-too-large');
  }

  private requestLine(end: number): boolean {
    const b = this.buffer;
    let i = this.at;
    if (this.state <= START_LF && i < end) i = this.leadingLine(i, end);
    if (this.state === FIRST) {
      while (i < end && TOKEN[b[i]!] === 1) i++;
      if (i - this.start > METHOD_BYTES_MAX) return this.stop('method-too-long');
      if (i < end) {
        if (b[i] !== 32 || i === this.start) return this.stop('request-line');
        this.methodEnd = i++;
        if (sameWord(b, this.start, this.methodEnd, CONNECT)) return this.stop('tunnel');
        this.targetStart = this.pathStart = i;
        this.state = TARGET_PATH;
      }
    }
    if (this.state === TARGET_PATH) {
      while (i < end && PATH[b[i]!] === 1) i++;
      if (i < end) {
        this.pathEnd = i;
        this.state = TARGET_QUERY;
      }
    }
    if (this.state === TARGET_QUERY) {
      while (i < end && QUERY[b[i]!] === 1) i++;
      if (i < end) {
        if (b[i] !== 32 || i === this.targetStart) return this.stop('target');
        this.targetEnd = i++;
        if (this.targetEnd - this.targetStart > this.targetBytesMax) return this.stop('target-too-long');
        if (!this.targetForm()) return this.stop('target');
        this.mark = i;
        this.state = VERSION;
      }
    }
    return this.version(i, end);
  }

  /** At most one empty line before a request is skipped (RFC 9112 §2.2). */
  private leadingLine(i: number, end: number): number {
    if (this.state === START) {
      if (this.buffer[i] === 13 && !this.skippedLine) {
        this.state = START_LF;
        this.at = ++i;
      } else {
        this.start = i;
        this.state = FIRST;
      }
    }
    if (this.state === START_LF && i < end) {
      if (this.buffer[i] !== 10) {
        this.stop('request-line');
        return end;
      }
      this.skippedLine = true;
      this.start = ++i;
      this.state = FIRST;
    }
    return i;
  }

  /** Origin form, absolute form with `http`, or `*` with OPTIONS. */
  private targetForm(): boolean {
    const b = this.buffer;
    const from = this.targetStart;
    if (b[from] === 47) return true;
    if (b[from] === 42) return this.targetEnd - from === 1 && sameWord(b, this.start, this.methodEnd, OPTIONS);
    if (!sameWord(b, from, from + 7, HTTP_SCHEME) || this.pathEnd <= from + 7) return false;
    let i = from + 7;
    while (i < this.pathEnd && b[i] !== 47) i++;
    this.pathStart = i;
    return isAuthority(b, from + 7, i);
  }

  /** `HTTP/1.0` or `HTTP/1.1`, then the line's end (request) or the status (response). */
  private version(i: number, end: number): boolean {
    const b = this.buffer;
    while (this.state === VERSION && i < end) {
      const k = i - this.mark;
      const c = b[i++]!;
      if (k < 7) {
        if (c !== HTTP1[k]) return this.stop(!this.isRequest ? 'status-line' : k >= 5 ? 'version' : 'request-line');
      } else if (k === 7) {
        if (c !== 48 && c !== 49) return this.stop(this.isRequest ? 'version' : 'status-line');
        this.minor = c - 48;
      } else {
        if (c !== (this.isRequest ? 13 : 32)) return this.stop(this.isRequest ? 'request-line' : 'status-line');
        this.mark = i;
        this.state = this.isRequest ? LINE_LF : STATUS;
      }
    }
    this.at = i;
    return this.state === LINE_LF && i < end && this.endLine(i);
  }

  private endLine(i: number): boolean {
    if (this.buffer[i] !== 10) return this.stop(this.isRequest ? 'request-line' : 'status-line');
    this.at = this.lineEnd = i + 1;
    this.state = FIELD;
    return true;
  }

  private statusLine(end: number): boolean {
    if (this.state === VERSION && (this.version(this.at, end), this.fault !== undefined)) return false;
    const b = this.buffer;
    let i = this.at;
    if (this.state === STATUS) {
      while (i < end && i - this.mark < 3) {
        const digit = b[i++]! - 48;
        if (digit < 0 || digit > 9) return this.stop('status-line');
        this.status = this.status * 10 + digit;
      }
      if (i < end && i - this.mark === 3) {
        if (this.status < 100 || this.status > 599 || (b[i] !== 32 && b[i] !== 13)) return this.stop('status-line');
        this.state = REASON;
      }
    }
    if (this.state === REASON) {
      while (i < end && VALUE[b[i]!] === 1) i++;
      if (i < end) {
        if (b[i++] !== 13) return this.stop('status-line');
        this.state = LINE_LF;
      }
    }
    this.at = i;
    return this.state === LINE_LF && i < end && this.endLine(i);
  }

  private fields(end: number): boolean {
    const b = this.buffer;
    const spans = this.spans;
    let i = this.at;
    while (i < end) {
      if (this.state === FIELD) {
        i = this.wholeFields(i, end);
        if (this.fault !== undefined) return false;
        if (i === end) break;
        if (b[i] === 13) {
          this.fieldsEnd = i++;
          this.state = END_LF;
          continue;
        }
        if (this.count === this.fieldsMax) return this.stop('too-many-fields');
        spans[this.count * 4] = i;
        this.state = NAME;
      }
      if (this.state === NAME) {
        while (i < end && TOKEN[b[i]!] === 1) i++;
        if (i === end) break;
        if (b[i] !== 58 || i === spans[this.count * 4]) return this.stop('field');
        spans[this.count * 4 + 1] = i++;
        this.state = SPACE;
      }
      if (this.state === SPACE) {
        while (i < end && (b[i] === 32 || b[i] === 9)) i++;
        if (i === end) break;
        spans[this.count * 4 + 2] = i;
        this.state = CONTENT;
      }
      if (this.state === CONTENT) {
        while (i < end && VALUE[b[i]!] === 1) i++;
        if (i === end) break;
        if (b[i] !== 13) return this.stop('field');
        this.trim(i++);
        this.state = FIELD_LF;
        continue;
      }
      if (b[i] !== 10) return this.stop('field');
      i++;
      if (this.state === END_LF) {
        this.at = this.end = i;
        return true;
      }
      this.state = FIELD;
      if (!this.readField()) return false;
    }
    this.at = i;
    return false;
  }

  /** Reads the fields that are all here and in order; answers where the rest begins, be it none of them. */
  private wholeFields(from: number, end: number): number {
    const b = this.buffer;
    const spans = this.spans;
    let line = from;
    while (line < end && this.count < this.fieldsMax) {
      let i = line;
      while (i < end && TOKEN[b[i]!] === 1) i++;
      if (i === end || b[i] !== 58 || i === line) break;
      const nameEnd = i++;
      while (i < end && (b[i] === 32 || b[i] === 9)) i++;
      const value = i;
      while (i < end && VALUE[b[i]!] === 1) i++;
      if (i + 1 >= end || b[i] !== 13 || b[i + 1] !== 10) break;
      const at = this.count * 4;
      spans[at] = line;
      spans[at + 1] = nameEnd;
      spans[at + 2] = value;
      this.trim(i);
      line = i + 2;
      if (!this.readField()) break;
    }
    return line;
  }

  private trim(valueEnd: number): void {
    const from = this.spans[this.count * 4 + 2]!;
    let e = valueEnd;
    while (e > from && (this.buffer[e - 1] === 32 || this.buffer[e - 1] === 9)) e--;
    this.spans[this.count * 4 + 3] = e;
  }

  private readField(): boolean {
    this.kinds[this.count] = PLAIN;
    this.lengths |= 1 << (this.spans[this.count * 4 + 1]! - this.spans[this.count * 4]!);
    const fault = this.isRequest ? readRequestField(this, this.count) : readResponseField(this, this.count);
    this.count++;
    return fault === undefined || this.stop(fault);
  }

  /** What can only be said when all fields are known. */
  private finish(): boolean {
    if (this.hasNominations && !applyNominations(this)) return this.stop('connection-field');
    if (this.chunked && this.contentLength >= 0) return this.stop('length-conflict');
    if (this.chunked && this.minor === 0) return this.stop('transfer-encoding');
    if (!this.isRequest) return true;
    if (this.hostIndex < 0 && this.minor === 1) return this.stop('host');
    if (this.pathStart > this.targetStart && !this.authorityMatches()) return this.stop('host-mismatch');
    return true;
  }

  private authorityMatches(): boolean {
    if (this.hostIndex < 0) return false;
    const value = this.hostIndex * 4 + 2;
    return sameRange(this.buffer, this.targetStart + 7, this.pathStart, this.spans[value]!, this.spans[value + 1]!);
  }

  private stop(fault: HeadFault): false {
    this.refuse(fault);
    return false;
  }
}

const EMPTY = Buffer.alloc(0);

/** Keeps used heads for the next message: a head holds arrays worth keeping, its message does not. */
export function createHeadPool(kind: 'request' | 'response', limits: HeadLimits, keepMax = 256): HeadPool {
  const free: Head[] = [];
  return {
    take: () => free.pop() ?? new Head(kind, limits),
    give(head) {
      head.buffer = EMPTY;
      if (free.length < keepMax) free.push(head);
    },
  };
}

export interface HeadPool {
  take(): Head;
  /** Takes a head back; nobody may look at it any more. */
  give(head: Head): void;
}
