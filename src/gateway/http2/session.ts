/**
 * A client's HTTP/2 connection: each of its streams is served like a connection of HTTP/1.1 with one request. Streams, their
 * resets, their windows, header lists and memory are bounded; a client beyond a bound loses the connection, and the
 * listener's counts say why. node:http2 reads frames; a request it refuses (RFC 9113 §8.1.1) is reset before anybody here
 * sees it, and no event tells: only the numbers of streams do, which clients count up without gaps.
 */
import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { ClientConnection } from '../http/client.ts';
import { type ClientHost, type Entrance, type ListenerProfile, type OpenConnection, ownLines } from '../http/entrance.ts';
import type { ForwardedLines } from '../http/messages.ts';
import { unseenRequest } from '../http/rejected.ts';
import type { EngineTools } from '../http/tools.ts';
import { noDeadline, type Timed } from '../http/wheel.ts';
import { ClientStream } from './client-stream.ts';
import { endOfSession } from './ended-by.ts';
import { Lookout, type LookoutHost } from './lookout.ts';

/** Time for the peer to go after it was told to. */
const LEAVE_MS = 2000;
/** Frames nobody can take for a mistake: beyond these the connection is closed. */
const INVALID_FRAMES_MAX = 100;
/** Streams refused for their header list, which costs us to read. */
const REFUSED_STREAMS_MAX = 100;
/** Refused requests of one connection that are told of: beyond the bounds above it is closed anyway. */
const UNSEEN_MAX = INVALID_FRAMES_MAX + REFUSED_STREAMS_MAX;
const SETTINGS_MAX = 32;
const PINGS_MAX = 10;
/** HPACK's table for a connection, in both directions. */
const TABLE_BYTES = 4096;
/** Fields a header list may have beyond what a head may: pseudo-fields, and crumbs of one cookie. */
const EXTRA_FIELDS = 32;

export class Http2Connection implements OpenConnection, ClientHost, LookoutHost, Timed {
  readonly deadline = noDeadline();
  readonly entrance: Entrance;
  private readonly tools: EngineTools;
  private readonly host: ClientHost;
  private readonly session: ServerHttp2Session;
  private readonly socket: Socket;
  private readonly streams = new Set<OpenConnection>();
  private readonly lookout: Lookout;
  private lines: ForwardedLines | undefined = undefined;
  /** What the lines were made with. */
  private linesProfile: ListenerProfile | undefined = undefined;
  private requests = 0;
  private isLeaving = false;
  private isClosed = false;
  private isToldOf = false;
  /** Number of the newest stream that was seen or told of. */
  private lastStream = -1;
  private unseen = 0;

  /** Takes over a socket of which nothing was read, or of which everything read was put back. */
  constructor(tools: EngineTools, host: ClientHost, socket: Socket, entrance: Entrance) {
    this.tools = tools;
    this.host = host;
    this.socket = socket;
    this.entrance = entrance;
    const { limits } = host.profile;
    this.session = performServerHandshake(socket, sessionOptions(host.profile));
    this.session.setLocalWindowSize(Math.max(0xffff, Math.min(limits.sessionBytesMax, limits.streamWindowBytes * limits.streamsMax)));
    this.session.on('stream', (stream, _fields, _flags, raw) => this.onStream(stream, raw));
    this.session.on('ping', () => this.isClosed || this.lookout.onControl());
    this.session.on('remoteSettings', () => this.isClosed || this.lookout.onControl());
    this.session.on('error', (error: NodeJS.ErrnoException) => this.onError(error));
    this.session.on('close', () => this.onSessionClose());
    socket.on('error', ignore);
    socket.on('close', () => this.onSessionClose());
    socket.on('end', () => this.destroy()); // Nobody can ask for anything any more, nor get what was asked for.
    setImmediate(() => socket.resume()); // What was put back has been read by then; now its end can be seen.
    tools.wheel.set(this, limits.headMs);
    this.lookout = new Lookout(this);
  }

  get wheel(): EngineTools['wheel'] {
    return this.tools.wheel;
  }

  get openStreams(): number {
    return this.streams.size;
  }

  get windowBytes(): number {
    return this.profile.limits.streamWindowBytes;
  }

  bytesRead(): number {
    return this.socket.bytesRead;
  }

  onFlood(): void {
    this.isToldOf = true;
    this.host.onEnded('http2-flood');
    this.destroy();
  }

  get profile(): ListenerProfile {
    return this.host.profile;
  }

  get isDraining(): boolean {
    return this.host.isDraining;
  }

  drain(): void {
    this.leave();
  }

  destroy(): void {
    this.tellRest();
    for (const stream of this.streams) stream.destroy();
    this.session.destroy();
    this.socket.destroy();
    this.onSessionClose();
  }

  onDeadline(): void {
    if (this.isLeaving) return this.destroy();
    this.host.onEnded('keep-alive');
    this.leave();
  }

  linesOf(entrance: Entrance, profile: ListenerProfile): ForwardedLines {
    if (this.lines && this.linesProfile === profile) return this.lines;
    this.linesProfile = profile;
    return (this.lines = ownLines(entrance, profile));
  }

  onRequest(): void {
    this.host.onRequest();
  }

  onEnded(reason: string): void {
    this.host.onEnded(reason);
  }

  onClosed(stream: OpenConnection): void {
    if (!this.streams.delete(stream) || this.streams.size > 0 || this.isClosed) return;
    this.tools.wheel.set(this, this.isLeaving ? LEAVE_MS : this.profile.limits.keepAliveMs);
  }

  /** A stream is no connection: there is nothing to begin anew on it. */
  onPreface(stream: OpenConnection): void {
    stream.destroy();
  }

  private onStream(stream: ServerHttp2Stream, raw: readonly string[]): void {
    this.tellUnseen(stream.id ?? 0);
    const socket = new ClientStream(stream);
    socket.traffic = this.lookout.traffic;
    this.tools.wheel.clear(this);
    this.streams.add(new ClientConnection(this.tools, this, socket as unknown as Socket, this.entrance));
    if (++this.requests === this.profile.limits.requestsPerConnectionMax) {
      this.host.onEnded('requests-per-connection');
      this.leave();
    }
    socket.begin(raw);
  }

  /** Tells of those behind the newest stream, as long as the session can be asked. */
  private tellRest(): void {
    if (!this.session.destroyed) this.tellUnseen((this.session.state.lastProcStreamID ?? 0) + 2);
  }

  /**
   * Tells of the streams between the newest one known and `next`: node:http2 took their requests for malformed, their fields
   * for too many, or there were too many at once. Bounded, since a client may leave out numbers.
   */
  private tellUnseen(next: number): void {
    const { tools, entrance } = this;
    const count = Math.min((next - this.lastStream) / 2 - 1, UNSEEN_MAX - this.unseen);
    this.lastStream = Math.max(this.lastStream, next);
    if (count <= 0) return;
    this.unseen += count;
    const now = tools.clock.monotonic();
    for (let i = 0; i < count; i++) {
      const request = unseenRequest(tools.ids.requestId(now), now);
      tools.core.onRejected({ clientAddress: entrance.address, status: 0, reason: 'http2-refused', request });
    }
  }

  /** Takes no further request; present ones end. */
  private leave(): void {
    if (this.isLeaving || this.isClosed) return;
    this.isLeaving = true;
    this.tellRest();
    if (!this.session.closed && !this.session.destroyed) this.session.close();
    if (this.streams.size === 0) this.tools.wheel.set(this, LEAVE_MS);
  }

  private onError(error: NodeJS.ErrnoException): void {
    if (!this.isToldOf) this.host.onEnded(endOfSession(error));
    this.isToldOf = true;
  }

  private onSessionClose(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.tools.wheel.drop(this);
    this.lookout.end();
    for (const stream of this.streams) stream.destroy();
    if (!this.socket.destroyed) this.socket.destroySoon();
    this.host.onClosed(this);
  }
}

function sessionOptions({ limits }: ListenerProfile) {
  const { headBytesMax, headersMax, streamsMax, streamWindowBytes, streamResetsMax, sessionBytesMax } = limits;
  return {
    settings: {
      maxConcurrentStreams: streamsMax,
      initialWindowSize: streamWindowBytes,
      maxHeaderListSize: headBytesMax,
      headerTableSize: TABLE_BYTES,
      enablePush: false,
      enableConnectProtocol: false,
    },
    maxDeflateDynamicTableSize: TABLE_BYTES,
    maxHeaderListPairs: headersMax + EXTRA_FIELDS,
    maxSessionInvalidFrames: INVALID_FRAMES_MAX,
    maxSessionRejectedStreams: REFUSED_STREAMS_MAX,
    maxSettings: SETTINGS_MAX,
    maxOutstandingPings: PINGS_MAX,
    maxSessionMemory: Math.max(1, Math.ceil(sessionBytesMax / 1_000_000)),
    streamResetBurst: streamResetsMax,
    streamResetRate: Math.max(1, Math.ceil(streamResetsMax / 30)),
    // What an upstream repeats may be repeated; the engine's own rules have looked at it.
    strictSingleValueFields: false,
    // Else node:http2 leaves such fields out without a word; here the message is refused (http2/sane.ts).
    strictFieldWhitespaceValidation: false,
  };
}

function ignore(): void {}
