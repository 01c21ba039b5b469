/**
 * One stream of HTTP/2 as the engine sees it: a socket that carries one request and one answer of HTTP/1.1. So a stream is
 * served, limited, timed and recorded like a connection, and the engine knows one protocol only.
 *
 *   engine ─ write ─▶ own-message ─▶ fields, DATA, trailers of the stream
 *   stream ─ fields, DATA, trailers ─▶ inward ─▶ `receive` ─▶ engine
 *
 * Back-pressure goes through in both directions: `pause` stops reading the stream, so that its window closes; `write` answers
 * false while the other side does not take what was written. What ends early ends in a reset, never in an end that looks whole.
 */
import { constants, type Http2Stream } from 'node:http2';
import { endOfStream } from './ended-by.ts';
import { chunkOf, type InwardHead, lastChunk } from './inward.ts';
import { joinSmallPieces } from './join-small.ts';
import type { Traffic } from './lookout.ts';
import { OwnMessage, type OwnHead, type OwnMessageReader } from './own-message.ts';
import { trailerLines, trailerObject } from './trailers.ts';

/** Bytes not taken by the other side from which on the engine is asked to wait. */
const WRITE_MARK = 64 * 1024;
/** Pieces up to here are joined before they are written: a call of node:http2 costs more than a copy. */
const JOIN_BYTES_MAX = 8 * 1024;

/** How an outgoing message begins. */
export interface Start {
  /** Nothing follows. */
  readonly isWhole: boolean;
  readonly mayHaveTrailers: boolean;
}

/** The stream of a socket, to find the way back by: one set of listeners serves all streams of a thread. */
const OWNER = Symbol('owner');
type Owned = Http2Stream & { [OWNER]: StreamSocket };
/** Stands for no pieces; never written to. */
const NO_PIECES: Buffer[] = [];
const NO_TRAILERS: readonly string[] = [];
/** Where nobody counts. */
const NOT_COUNTED: Traffic = { content: 0, givenUp: 0 };
const UNKNOWN = Object.freeze({ isChunked: false, contentLength: -1 });

/** What it tells goes to the methods below. There is no end: what is not whole is closed. */
export abstract class StreamSocket implements OwnMessageReader {
  destroyed = false;
  /** Of its connection. */
  traffic = NOT_COUNTED;
  /** Why it ended early, when it is known to be more than somebody's leaving. */
  endedBy: string | undefined = undefined;
  protected stream: Http2Stream | undefined = undefined;
  protected readonly message = new OwnMessage(this);
  protected isInputDone = false;
  private head: OwnHead | undefined = undefined;
  private pieces = NO_PIECES;
  private queued = 0;
  private trailers = NO_TRAILERS;
  private isEnded = false;
  private wantsFinish = false;
  private isAnswered = false;
  private owesDrain = false;
  private isScheduled = false;
  private isPaused = false;
  private giveOnJoined: () => void = ignore;
  private inward: Pick<InwardHead, 'isChunked' | 'contentLength'> = UNKNOWN;
  private received = 0;
  private inTrailers = '';

  /** Starts the stream's outgoing side. */
  protected abstract start(head: OwnHead, start: Start): void;
  /** Gives bytes of HTTP/1.1 to the engine. */
  protected abstract receive(bytes: Buffer): void;
  /** Code for the reset of a stream that is given up. */
  protected abstract readonly cancelCode: number;
  /** Everything written was taken: who was asked to wait may go on. */
  protected abstract onDrained(): void;
  /** The outgoing message is out and the incoming one is not over. */
  protected abstract onFinished(): void;
  /** The stream is over. */
  protected abstract onGone(error?: Error): void;
  abstract onHead(head: OwnHead): ReturnType<OwnMessageReader['onHead']>;

  get writableLength(): number {
    return this.queued + (this.stream?.writableLength ?? 0);
  }

  get writableNeedDrain(): boolean {
    return this.owesDrain;
  }

  write(bytes: Buffer): boolean {
    if (this.destroyed || this.isEnded) return true;
    this.message.take(bytes);
    this.schedule();
    if (this.writableLength >= WRITE_MARK && !this.isEnded) this.owesDrain = true;
    return !this.owesDrain;
  }

  /** The engine writes no more. */
  end(): void {
    if (this.destroyed) return;
    if (!this.message.end()) return this.resetAndDestroy();
    this.wantsFinish = true;
    if (this.stream?.writableFinished && !this.isInputDone) queueMicrotask(() => this.finish());
  }

  pause(): void {
    this.isPaused = true;
    this.stream?.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.giveOnJoined();
    this.stream?.resume();
  }

  /** Ends at once: a stream that is not through on both sides is reset. */
  destroy(error?: Error): void {
    this.give(this.isAnswered ? constants.NGHTTP2_NO_ERROR : this.cancelCode, error);
  }

  /** Ends at once in a way that nobody takes for an ordinary end. */
  resetAndDestroy(): void {
    this.give(constants.NGHTTP2_INTERNAL_ERROR, undefined);
  }

  onData(piece: Buffer): void {
    this.traffic.content += piece.length;
    if (this.pieces === NO_PIECES) this.pieces = [piece];
    else this.pieces.push(piece);
    this.queued += piece.length;
  }

  onEnd(trailers: readonly string[]): void {
    this.isEnded = true;
    this.trailers = trailers;
    this.flush();
  }

  /** Holds the head back until it is known whether anything follows. */
  protected hold(head: OwnHead): void {
    this.head = head;
  }

  /** Listens to a stream, whose content is told by `inward` once that is known. */
  protected use(stream: Http2Stream): void {
    this.stream = stream;
    (stream as Owned)[OWNER] = this;
    stream.on('error', onStreamError);
    stream.on('close', onStreamClose);
    if (this.isInputDone) return; // The stream is over when what is written is out.
    this.giveOnJoined = joinSmallPieces(stream);
    stream.on('finish', onStreamFinish);
  }

  /** Reads the content that follows a head. */
  protected readContent(inward: Pick<InwardHead, 'isChunked' | 'contentLength'>): void {
    const stream = this.stream!;
    this.inward = inward;
    stream.on('data', (piece: Buffer) => this.onPiece(piece));
    stream.on('trailers', (_fields: unknown, _flags: number, raw?: readonly string[]) => void (this.inTrailers = trailerLines(raw ?? [])));
    stream.on('end', () => this.onContentEnd(stream));
    if (this.isPaused) stream.pause();
  }

  /** True when writing can begin. */
  protected get canStart(): boolean {
    return true;
  }

  /** Writes what is there, as one frame as far as that goes. */
  protected flush(): void {
    if (this.destroyed || !this.canStart) return;
    const { head, pieces } = this;
    const isWhole = this.isEnded && pieces.length === 0 && this.trailers.length === 0;
    if (head) {
      this.head = undefined;
      const mayHaveTrailers = head.isChunked && (!this.isEnded || this.trailers.length > 0);
      this.start(head, { isWhole, mayHaveTrailers });
      if (isWhole || this.destroyed) return;
      if (mayHaveTrailers) this.stream?.on('wantTrailers', onWantTrailers);
    }
    const { stream } = this;
    if (!stream || stream.destroyed) return;
    this.pieces = NO_PIECES;
    this.queued = 0;
    if (this.isEnded && pieces.length === 1 && !this.owesDrain) return void stream.end(pieces[0]);
    for (const piece of joined(pieces)) stream.write(piece, () => this.onWritten());
    if (this.isEnded) stream.end();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  /** For the stream's listeners. */
  sendTrailers(): void {
    const { stream } = this;
    if (!stream || stream.destroyed || stream.closed) return;
    try {
      stream.sendTrailers(trailerObject(this.trailers));
    } catch {
      this.resetAndDestroy(); // Fields that HTTP/1.1 allows and HTTP/2 does not.
    }
  }

  private onWritten(): void {
    if (!this.owesDrain || this.destroyed || this.writableLength > 0) return;
    this.owesDrain = false;
    this.onDrained();
  }

  /** For the stream's listeners. */
  onFinish(): void {
    if (this.wantsFinish) this.finish();
  }

  /** What the engine writes is out. What still comes is read and thrown away until the engine has lingered enough. */
  private finish(): void {
    if (this.destroyed) return;
    this.isAnswered = true;
    this.onFinished();
    this.giveOnJoined();
    this.stream?.resume();
  }

  private onPiece(piece: Buffer): void {
    this.traffic.content += piece.length;
    if (this.destroyed || this.isInputDone || piece.length === 0) return;
    this.received += piece.length;
    const { isChunked, contentLength } = this.inward;
    if (isChunked) return this.receive(chunkOf(piece));
    if (contentLength >= 0 && this.received > contentLength) return this.giveMalformed();
    this.receive(piece);
  }

  private onContentEnd(stream: Http2Stream): void {
    // A reset ends the stream's reading, too, and an end without error must not be taken for the end of the content.
    if (this.destroyed || this.isInputDone || stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    const { isChunked, contentLength } = this.inward;
    if (!isChunked && this.received < contentLength) return this.giveMalformed();
    this.isInputDone = true;
    if (isChunked) this.receive(lastChunk(this.inTrailers));
  }

  /** For the stream's listeners. */
  onClose(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.onGone();
  }

  /** Content of another length than the head said. */
  private giveMalformed(): void {
    this.endedBy = 'http2-protocol-error';
    this.give(constants.NGHTTP2_PROTOCOL_ERROR, undefined);
  }

  /** Lets the stream go. */
  protected give(code: number, error: Error | undefined): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.traffic.givenUp++;
    this.pieces = NO_PIECES;
    this.head = undefined;
    const { stream } = this;
    if (stream && !stream.destroyed && !stream.closed && !(this.isInputDone && stream.writableFinished)) giveUp(stream, code);
    queueMicrotask(() => this.onGone(error));
  }
}

function onStreamError(this: Http2Stream, error: NodeJS.ErrnoException): void {
  (this as Owned)[OWNER].endedBy = endOfStream(error, this.rstCode ?? 0);
}

function onStreamFinish(this: Http2Stream): void {
  (this as Owned)[OWNER].onFinish();
}

function onWantTrailers(this: Http2Stream): void {
  (this as Owned)[OWNER].sendTrailers();
}

function onStreamClose(this: Http2Stream): void {
  (this as Owned)[OWNER].onClose();
}

function joined(pieces: readonly Buffer[]): readonly Buffer[] {
  if (pieces.length < 2) return pieces;
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return bytes <= JOIN_BYTES_MAX ? [Buffer.concat(pieces)] : pieces;
}

/** `close` would first end what is not ended, and the other side take it for whole. */
function giveUp(stream: Http2Stream, code: number): void {
  if (!stream.writableEnded) return void stream.destroy(new Error('given up'));
  stream.close(code);
  stream.resume();
}

function ignore(): void {}
