/**
 * The HTTP/2 connections to one target, on one thread: few, each with many requests at once. A request goes to the first
 * connection with room, so that idle ones may close; none is used that the target said goodbye on. What a connection is
 * good for is watched by pings while requests are on it.
 */
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import type { CompiledHttp2 } from '../../sdk/upstream.ts';
import { noDeadline, type Timed, type Wheel } from '../http/wheel.ts';
import { Lookout, type LookoutHost } from '../http2/lookout.ts';
import { endOfSession } from '../http2/ended-by.ts';
import { flooded, type StreamOwner, UpstreamStream } from './http2-stream.ts';
import { connectSocket, type SocketReader, type SocketTo } from './socket.ts';

export interface Http2SessionsHost {
  readonly wheel: Pick<Wheel, 'set' | 'drop' | 'now'>;
  readonly rules: CompiledHttp2;
  /** How long an unused connection is kept. */
  readonly idleMs: () => number;
  /** A target sent frames without end that carry nothing; its connection was ended. */
  readonly onFlood: () => void;
  /** Trailers of requests are passed on. */
  readonly passesTrailers: () => boolean;
}

/** Time for a ping to come back, and for a session to go after it was told to. */
const PONG_MS = 10_000;
const HEADER_PAIRS_MAX = 1000;
const HEADER_BYTES_MAX = 1_048_576;

/** Code of the error when the target does not agree to HTTP/2 in the handshake; socket.ts has the word for it. */
const NO_HTTP2 = 'ERR_WEIR_NO_HTTP2';

export class Http2Sessions {
  private readonly host: Http2SessionsHost;
  private readonly sessions: Session[] = [];

  constructor(host: Http2SessionsHost) {
    this.host = host;
  }

  /** How many requests may be on all connections together, as far as is known. */
  get streamsMax(): number {
    const { connectionsMax, streamsMax } = this.host.rules;
    let known = 0;
    let limit = streamsMax;
    for (const session of this.sessions) {
      if (!session.isUsable) continue;
      known += session.streamsMax;
      limit = session.streamsMax;
    }
    const usable = this.sessions.reduce((count, session) => count + (session.isUsable ? 1 : 0), 0);
    return known + Math.max(0, connectionsMax - usable) * limit;
  }

  /** True when the next request goes over a connection that stands. */
  get isStanding(): boolean {
    return this.sessions.some((session) => session.isOpen && session.hasRoom);
  }

  /** Opens a stream, and a connection for it when there is none with room. */
  open(to: SocketTo, reader: SocketReader): UpstreamStream {
    let session = this.sessions.find((one) => one.isUsable && one.hasRoom);
    if (!session) {
      session = new Session(this.host, to, reader, (gone) => this.sessions.splice(this.sessions.indexOf(gone), 1));
      this.sessions.push(session);
    }
    return session.open(reader);
  }

  /** Takes no more requests; present ones end. */
  retire(): void {
    for (const session of this.sessions) session.leave();
  }

  /** Ends all at once. */
  destroy(): void {
    for (const session of this.sessions) session.destroy();
  }
}

class Session implements StreamOwner, LookoutHost, Timed {
  readonly deadline = noDeadline();
  readonly scheme: 'http' | 'https';
  session: ClientHttp2Session | undefined = undefined;
  streamsMax: number;
  private readonly host: Http2SessionsHost;
  private readonly socket: Socket;
  private readonly streams = new Set<UpstreamStream>();
  private readonly onGone: (session: Session) => void;
  private isLeaving = false;
  private isGone = false;
  private isPinging = false;
  private lookout: Lookout | undefined = undefined;

  constructor(host: Http2SessionsHost, to: SocketTo, reader: SocketReader, onGone: (session: Session) => void) {
    this.host = host;
    this.onGone = onGone;
    this.streamsMax = host.rules.streamsMax;
    this.scheme = to.tls ? 'https' : 'http';
    this.socket = connectSocket(to, ['h2']);
    this.socket.once(to.tls ? 'secureConnect' : 'connect', () => this.onConnect(to));
    this.socket.on('session', (ticket: Buffer) => reader.onSession(ticket));
    let error: Error | undefined;
    this.socket.on('error', (caught) => (error = caught));
    this.socket.on('close', () => this.gone(error));
  }

  /** True while requests may begin on it. */
  get isUsable(): boolean {
    return !this.isLeaving && !this.isGone;
  }

  get isOpen(): boolean {
    return this.isUsable && this.session !== undefined;
  }

  get passesTrailers(): boolean {
    return this.host.passesTrailers();
  }

  get hasRoom(): boolean {
    return this.streams.size < this.streamsMax;
  }

  get wheel(): Http2SessionsHost['wheel'] {
    return this.host.wheel;
  }

  get openStreams(): number {
    return this.streams.size;
  }

  get windowBytes(): number {
    return this.host.rules.windowBytes;
  }

  bytesRead(): number {
    return this.socket.bytesRead;
  }

  onFlood(): void {
    this.host.onFlood();
    const error = flooded();
    for (const stream of this.streams) stream.destroy(error);
    this.socket.destroy(error);
  }

  open(reader: SocketReader): UpstreamStream {
    const stream = new UpstreamStream(this, reader);
    if (this.lookout) stream.traffic = this.lookout.traffic;
    this.streams.add(stream);
    if (this.session) queueMicrotask(() => stream.connected());
    if (this.streams.size === 1) this.host.wheel.set(this, this.host.rules.pingMs);
    return stream;
  }

  onStreamClosed(stream: UpstreamStream): void {
    if (!this.streams.delete(stream) || this.streams.size > 0 || this.isGone) return;
    if (!this.session)
      this.socket.destroy(); // Nobody waits for it any more.
    else this.host.wheel.set(this, this.isLeaving ? PONG_MS : this.host.idleMs());
  }

  leave(): void {
    if (this.isLeaving || this.isGone) return;
    this.isLeaving = true;
    this.session?.close();
    if (this.streams.size === 0) this.host.wheel.set(this, PONG_MS);
  }

  destroy(): void {
    this.socket.destroy();
  }

  onDeadline(): void {
    if (this.isLeaving || this.isPinging || !this.session) return void this.socket.destroy();
    if (this.streams.size === 0) return this.leave();
    this.isPinging = this.session.ping((error) => this.onPong(error));
    this.host.wheel.set(this, Math.min(PONG_MS, this.host.rules.pingMs));
  }

  private onPong(error: Error | null): void {
    this.isPinging = false;
    if (error || this.isGone || this.isLeaving) return;
    this.host.wheel.set(this, this.streams.size > 0 ? this.host.rules.pingMs : this.host.idleMs());
  }

  private onConnect(to: SocketTo): void {
    const { rules } = this.host;
    if (to.tls && (this.socket as Socket & { alpnProtocol?: unknown }).alpnProtocol !== 'h2') {
      return void this.socket.destroy(Object.assign(new Error('the target does not speak HTTP/2'), { code: NO_HTTP2 }));
    }
    const session = connectHttp2(`${this.scheme}://upstream.invalid`, { ...sessionOptions(rules), createConnection: () => this.socket });
    session.setLocalWindowSize(Math.max(0xffff, rules.windowBytes * 4));
    session.on('error', (error) => endOfSession(error) === 'http2-flood' && this.host.onFlood()); // `close` follows, and each stream hears of it.
    session.on('goaway', () => this.leave());
    session.on('remoteSettings', ({ maxConcurrentStreams = rules.streamsMax }) => {
      this.streamsMax = Math.max(1, Math.min(rules.streamsMax, maxConcurrentStreams));
    });
    session.on('close', () => this.socket.destroy());
    this.session = session;
    const { traffic } = (this.lookout = new Lookout(this));
    for (const stream of this.streams) {
      stream.traffic = traffic;
      stream.connected();
    }
  }

  private gone(error: Error | undefined): void {
    if (this.isGone) return;
    this.isGone = true;
    this.host.wheel.drop(this);
    this.lookout?.end();
    if (this.session && !this.session.destroyed) this.session.destroy();
    this.session = undefined;
    this.onGone(this);
    for (const stream of this.streams) stream.destroy(error);
  }
}

function sessionOptions({ windowBytes }: CompiledHttp2) {
  return {
    settings: { enablePush: false, initialWindowSize: windowBytes, maxHeaderListSize: HEADER_BYTES_MAX },
    maxHeaderListPairs: HEADER_PAIRS_MAX,
    // Callers may repeat what they like; the engine's own rules have looked at it.
    strictSingleValueFields: false,
    // Else node:http2 leaves such fields out without a word; here the message is refused (http2/sane.ts).
    strictFieldWhitespaceValidation: false,
  };
}
