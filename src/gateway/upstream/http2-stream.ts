/**
 * A stream to a target: the request the engine writes goes out as fields and DATA, the answer comes back as HTTP/1.1. To an
 * upstream connection it is a socket that connects, carries one request, and ends.
 */
import { EventEmitter } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import { isBodiless } from '../http/messages.ts';
import { responseHead } from '../http2/inward.ts';
import type { OwnHead } from '../http2/own-message.ts';
import { type Start, StreamSocket } from '../http2/stream-socket.ts';
import type { SocketReader } from './socket.ts';

/** What a stream asks of the session it waits for. */
export interface StreamOwner {
  readonly scheme: 'http' | 'https';
  /** Asked when the stream has begun; undefined when the session is not there any more. */
  readonly session: ClientHttp2Session | undefined;
  /** Trailers of requests are passed on. */
  readonly passesTrailers: boolean;
  /** The stream is over. */
  onStreamClosed(stream: UpstreamStream): void;
}

/** Code of the error when the target says that it did nothing for a request (RFC 9113 §8.7). */
export const REFUSED = 'ERR_WEIR_REFUSED_STREAM';
/** Code of the error when the target floods the connection with frames that carry nothing. */
export const FLOODED = 'ERR_WEIR_FLOODED';

/** Events, as of a socket: `connect` or `secureConnect`, `drain`, `error`, `close`. */
export class UpstreamStream extends StreamSocket {
  protected readonly cancelCode = constants.NGHTTP2_CANCEL;
  private readonly owner: StreamOwner;
  private readonly reader: SocketReader;
  private readonly events = new EventEmitter();
  private isConnected = false;
  private isHeadRequest = false;

  constructor(owner: StreamOwner, reader: SocketReader) {
    super();
    this.owner = owner;
    this.reader = reader;
  }

  on(event: string, listener: (error: Error) => void): this {
    this.events.on(event, listener);
    return this;
  }

  /** The session stands: what was written goes out. */
  connected(): void {
    if (this.destroyed || this.isConnected) return;
    this.isConnected = true;
    this.events.emit(this.owner.scheme === 'https' ? 'secureConnect' : 'connect');
    this.flush();
  }

  onHead(head: OwnHead): 'none' | 'content' {
    this.hold(head);
    this.isHeadRequest = head.first.startsWith('HEAD ');
    return head.isChunked || head.contentLength > 0 ? 'content' : 'none';
  }

  protected override get canStart(): boolean {
    return this.isConnected;
  }

  protected start(head: OwnHead, { isWhole, mayHaveTrailers }: Start): void {
    const [method, target] = head.first.split(' ') as [string, string];
    const { scheme, session, passesTrailers } = this.owner;
    const fields = [':method', method, ':scheme', scheme, ':authority', head.host, ':path', target, ...head.fields];
    try {
      if (!session) throw new Error('the session has ended');
      const stream = session.request(fields, { endStream: isWhole, waitForTrailers: mayHaveTrailers && passesTrailers });
      this.use(stream);
      this.listen(stream);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override onClose(): void {
    if (!this.destroyed && this.endedBy === 'http2-flood') this.events.emit('error', flooded());
    else if (!this.destroyed && this.stream?.rstCode === constants.NGHTTP2_REFUSED_STREAM)
      this.events.emit('error', Object.assign(new Error('the target refused the stream'), { code: REFUSED }));
    super.onClose();
  }

  protected onDrained(): void {
    this.events.emit('drain');
  }

  /** What was asked is out: to an upstream connection that is nothing. */
  protected onFinished(): void {}

  protected onGone(error?: Error): void {
    if (error) this.events.emit('error', error);
    this.owner.onStreamClosed(this);
    this.events.emit('close');
  }

  protected receive(bytes: Buffer): void {
    this.reader.onBytes(bytes, bytes.length);
  }

  private receiveHead(bytes: Buffer): void {
    this.traffic.content += bytes.length;
    this.receive(bytes);
  }

  private listen(stream: ClientHttp2Stream): void {
    stream.on('headers', (_fields, _flags, raw) => this.destroyed || this.receiveHead(responseHead(raw, false, true).bytes));
    stream.on('push', (pushed: ClientHttp2Stream) => pushed.close(constants.NGHTTP2_REFUSED_STREAM));
    stream.on('response', (fields, flags, raw) => {
      if (this.destroyed) return;
      const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      const inward = responseHead(raw, isWhole, this.isHeadRequest || isBodiless(Number(fields[':status'])));
      this.isInputDone = isWhole;
      this.receiveHead(inward.bytes);
      if (this.destroyed) return;
      if (isWhole) stream.resume();
      else this.readContent(inward);
    });
  }
}

/** What a stream ends with whose target floods the connection. */
export function flooded(): Error {
  return Object.assign(new Error('the target floods the connection'), { code: FLOODED });
}
