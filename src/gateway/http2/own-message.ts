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
  /** Name, value, name, value … */
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
const CONNECTION_FIELDS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'te', 'http2-settings']);

/** The reader of one message. */
export class OwnMessage {
  /** True after `onEnd`. */
  isDone = false;
  /** True when only the end of the connection ends the message. */
  isUntilEnd = false;
  private readonly reader: OwnMessageReader;
  private readonly body = new Body();
  private hasHead = false;
  private trailers = '';

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
    if (this.hasHead && this.isUntilEnd && !this.isDone) this.finish([]);
    return this.isDone;
  }

  private takeHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(HEAD_END, at, 'latin1');
    const head = readHead(bytes.toString('latin1', at, end < 0 ? bytes.length : end));
    const kind = this.reader.onHead(head);
    if (kind !== 'more') {
      this.hasHead = true;
      if (kind === 'none') this.finish([]);
      else this.frame(kind, head);
    }
    return end < 0 ? bytes.length : end + HEAD_END.length;
  }

  private frame(kind: 'content' | 'until-end', { isChunked, contentLength }: OwnHead): void {
    this.isUntilEnd = kind === 'until-end';
    if (isChunked) this.body.chunked();
    else if (this.isUntilEnd) this.body.untilClose();
    else this.body.length(Math.max(0, contentLength));
    if (this.body.done) this.finish([]);
  }

  private takeBody(bytes: Buffer, from: number): void {
    const { body, reader } = this;
    if (!body.isChunked) {
      const next = body.take(bytes, from, bytes.length);
      if (next > from) reader.onData(bytes.subarray(from, next));
    } else {
      const next = body.take(bytes, from, bytes.length, (start, end) => reader.onData(bytes.subarray(start, end)));
      if (body.passEnd < next) this.trailers += bytes.toString('latin1', body.passEnd, next);
    }
    if (body.done) this.finish(readTrailers(this.trailers));
  }

  private finish(trailers: readonly string[]): void {
    this.isDone = true;
    this.reader.onEnd(trailers);
  }
}

function readHead(text: string): OwnHead {
  const [first, ...lines] = text.split('\r\n') as [string, ...string[]];
  const fields: string[] = [];
  let host = '';
  let contentLength = -1;
  let isChunked = false;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'transfer-encoding') isChunked = true;
    if (CONNECTION_FIELDS.has(name)) continue;
    if (name === 'host') {
      host = value;
      continue;
    }
    if (name === 'content-length') contentLength = Number(value);
    fields.push(name, value);
  }
  return { first, fields, host, contentLength, isChunked };
}
