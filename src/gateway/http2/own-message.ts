/**
 * Reads HTTP/1.1 as this engine writes it, piece by piece, for a carrier that frames messages itself (HTTP/2). In: bytes
 * of one message, a head always whole in one piece. Out: its fields, its content without framing, its trailer fields.
 * This is no parser for anybody else's bytes: those are read by http/head.ts before the engine writes them on.
 */
import { Body } from '../http/body.ts';
import { readTrailers } from './trailers.ts';

/** A head; names in lower case, fields of one HTTP/1.1 connection left out. */
export interface OwnHead {
  /** The start line. */
  readonly first: string;
  /** Name, value, name, value …; an answer's begin with `:status`. */
  readonly fields: string[];
  /** Value of `host`; empty for none. */
  readonly host: string;
  /** -1 when it is not said. */
  readonly contentLength: number;
  readonly isChunked: boolean;
}

export interface OwnMessageReader {
  /** The head is there: whether content follows, of which kind; `more` when another head follows (it was informational). */
  onHead(head: OwnHead): 'more' | 'none' | 'content' | 'until-end';
  onData(piece: Buffer): void;
  /** The message is complete. `trailers`: name, value, name, value … */
  onEnd(trailers: readonly string[]): void;
}

const HEAD_END = '\r\n\r\n';
/** Fields about one connection of HTTP/1.1. Source: RFC 9113 §8.2.2. */
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings']);
/** Lengths of the names that mean something here, as bits: no other name is looked up. */
const LENGTHS = [...CONNECTION_FIELDS, 'host', 'content-length'].reduce((bits, { length }) => bits | (1 << length), 0);
const LENGTH_MAX = 31;
/** Where the status stands in a start line. */
const STATUS_AT = 'HTTP/1.1 '.length;
const NONE: readonly string[] = [];
const LINE_END = '\r\n';
const SPACE = 32;
const TAB = 9;

/** The reader of one message. */
export class OwnMessage {
  /** True after `onEnd`. */
  isDone = false;
  /** True when only the end of the connection ends the message. */
  isUntilEnd = false;
  private readonly reader: OwnMessageReader;
  /** Only of chunked content. */
  private body: Body | undefined = undefined;
  /** Content still to come when its length was said. */
  private rest = 0;
  private hasHead = false;

  constructor(reader: OwnMessageReader) {
    this.reader = reader;
  }

  /** Reads on. */
  take(bytes: Buffer): void {
    let at = 0;
    while (!this.hasHead && at < bytes.length) at = this.takeHead(bytes, at);
    if (!this.isDone && at < bytes.length) this.takeBody(bytes, at);
  }

  /** The connection ends: true when the message is complete with that. */
  end(): boolean {
    if (this.hasHead && this.isUntilEnd && !this.isDone) this.finish(NONE);
    return this.isDone;
  }

  private takeHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(HEAD_END, at, 'latin1');
    const head = readHead(bytes.toString('latin1', at, end < 0 ? bytes.length : end));
    const kind = this.reader.onHead(head);
    if (kind !== 'more') {
      this.hasHead = true;
      if (kind === 'none') this.finish(NONE);
      else this.frame(kind, head);
    }
    return end < 0 ? bytes.length : end + HEAD_END.length;
  }

  private frame(kind: 'content' | 'until-end', { isChunked, contentLength }: OwnHead): void {
    this.isUntilEnd = kind === 'until-end';
    if (isChunked) {
      this.body = new Body();
      this.body.chunked();
      this.body.keepTrailers();
    } else this.rest = this.isUntilEnd ? Number.POSITIVE_INFINITY : Math.max(0, contentLength);
    if (this.rest === 0 && !isChunked) this.finish(NONE);
  }

  private takeBody(bytes: Buffer, from: number): void {
    if (this.body) return this.takeChunks(this.body, bytes, from);
    const next = Math.min(bytes.length, from + this.rest);
    this.rest -= next - from;
    this.reader.onData(bytes.subarray(from, next));
    if (this.rest === 0) this.finish(NONE);
  }

  private takeChunks(body: Body, bytes: Buffer, from: number): void {
    body.take(bytes, from, bytes.length, (start, end) => this.reader.onData(bytes.subarray(start, end)));
    if (body.done) this.finish(readTrailers(body.trailers));
  }

  private finish(trailers: readonly string[]): void {
    this.isDone = true;
    this.reader.onEnd(trailers);
  }
}

function readHead(text: string): OwnHead {
  let at = lineEnd(text, 0);
  const first = text.slice(0, at);
  const fields = first.startsWith('HTTP/') ? [':status', first.slice(STATUS_AT, STATUS_AT + 3)] : [];
  let host = '';
  let contentLength = -1;
  let isChunked = false;
  while (at < text.length) {
    const from = at + LINE_END.length;
    at = lineEnd(text, from);
    const colon = text.indexOf(':', from);
    const name = text.slice(from, colon).toLowerCase();
    const value = valueOf(text, colon + 1, at);
    if (name.length <= LENGTH_MAX && (LENGTHS & (1 << name.length)) !== 0) {
      if (name === 'transfer-encoding') isChunked = true;
      if (CONNECTION_FIELDS.has(name)) continue;
      if (name === 'host') {
        host = value;
        continue;
      }
      if (name === 'content-length') contentLength = Number(value);
    }
    fields.push(name, value);
  }
  return { first, fields, host, contentLength, isChunked };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf(LINE_END, from);
  return end < 0 ? text.length : end;
}

/** Without the white space around it. */
function valueOf(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
