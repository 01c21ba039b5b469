/** A stream of a client: its request comes as HTTP/1.1, the engine's answer goes out as fields, DATA and trailers. */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { isBodiless } from '../http/messages.ts';
import type { SocketUser } from '../http/socket-user.ts';
import { isGrpc, requestHead } from './inward.ts';
import type { OwnHead } from './own-message.ts';
import { type Start, StreamSocket } from './stream-socket.ts';

/** One object for all streams: node:http2 only reads it. */
const WHOLE = Object.freeze({ endStream: true });
const WITH_CONTENT = Object.freeze({ endStream: false });
const WITH_TRAILERS = Object.freeze({ endStream: false, waitForTrailers: true });

export class ClientStream extends StreamSocket {
  protected readonly cancelCode = constants.NGHTTP2_CANCEL;
  private readonly served: ServerHttp2Stream;
  private user: SocketUser | undefined = undefined;
  private isHeadRequest = false;

  constructor(stream: ServerHttp2Stream) {
    super();
    this.served = stream;
    this.isInputDone = stream.endAfterHeaders;
    this.use(stream);
  }

  /** Tells this user what sockets tell by events. */
  tell(user: SocketUser): void {
    this.user = user;
  }

  /** Gives the request to the user. */
  begin(raw: readonly string[]): void {
    this.isHeadRequest = raw[raw.indexOf(':method') + 1] === 'HEAD';
    const isWhole = this.isInputDone;
    const inward = requestHead(raw, isWhole);
    this.traffic.content += inward.bytes.length;
    this.receive(inward.bytes);
    if (this.destroyed) return;
    if (isWhole) this.served.resume();
    else this.readContent(inward);
  }

  onHead(head: OwnHead): 'more' | 'none' | 'content' | 'until-end' {
    const status = statusOf(head);
    if (status < 200) {
      this.tellInterim(status, head);
      return 'more';
    }
    this.hold(head);
    if (this.isHeadRequest || isBodiless(status)) return 'none';
    return head.isChunked || head.contentLength >= 0 ? 'content' : 'until-end';
  }

  /** A stream that the client closed may stand for as long as content waits to be read; nothing can be told on it any more. */
  private tellInterim(status: number, head: OwnHead): void {
    const { served } = this;
    if (served.destroyed || served.closed || served.headersSent) return;
    try {
      served.additionalHeaders(interimFields(status, head));
    } catch {
      this.resetAndDestroy(); // Fields that HTTP/1.1 allows and HTTP/2 does not.
    }
  }

  protected start(head: OwnHead, { isWhole, mayHaveTrailers }: Start): void {
    const { served } = this;
    if (served.destroyed || served.closed) return;
    try {
      served.respond(fieldsOf(head), mayHaveTrailers ? WITH_TRAILERS : isWhole ? WHOLE : WITH_CONTENT);
    } catch {
      this.resetAndDestroy(); // Fields that HTTP/1.1 allows and HTTP/2 does not.
    }
  }

  protected receive(bytes: Buffer): void {
    this.user?.onData(bytes);
  }

  protected onDrained(): void {
    this.user?.onDrain();
  }

  protected onFinished(): void {
    this.user?.onFinish();
  }

  protected onGone(): void {
    this.user?.onClose();
  }
}

function statusOf({ first }: OwnHead): number {
  return Number(first.slice(9, 12));
}

/** In gRPC the end of the stream is the end of the content; an answer without content is trailers alone. */
function fieldsOf({ fields, contentLength }: OwnHead): string[] {
  if (contentLength < 0) return fields;
  const type = fields.indexOf('content-type');
  if (type < 0 || !isGrpc(fields[type + 1]!)) return fields;
  return fields.filter((_, i) => fields[i - (i % 2)] !== 'content-length');
}

function interimFields(status: number, { fields }: OwnHead): Record<string, string | string[] | number> {
  const object: Record<string, string | string[] | number> = Object.create(null);
  object[':status'] = status;
  for (let i = 2; i < fields.length; i += 2) {
    const before = object[fields[i]!];
    object[fields[i]!] = before === undefined ? fields[i + 1]! : [before as string, fields[i + 1]!].flat();
  }
  return object;
}
