/**
 * Watches over a connection of HTTP/2 whose other side sends frames that carry nothing: WINDOW_UPDATE of one byte, resets of
 * streams that are over, extensions. node:http2 reads them without a word, each costs as much as a useful one, and no deadline of
 * an exchange sees them. Counted are bytes, since every frame has nine: what came in all beside what came and went as content.
 */
import { noDeadline, type Timed, type Wheel } from '../http/wheel.ts';

/** What a connection's streams carried since the last look. */
export interface Traffic {
  /** Bytes of heads and content, in both directions. */
  content: number;
  /** Streams given up while the other side may still have been sending. */
  givenUp: number;
}

export interface LookoutHost {
  readonly wheel: Pick<Wheel, 'set' | 'drop' | 'now'>;
  /** Bytes that came over the connection since it began. */
  bytesRead(): number;
  readonly openStreams: number;
  /** Bytes of a stream that may be on their way, or wait to be read. */
  readonly windowBytes: number;
  /** Told once: the connection is to be ended. */
  onFlood(): void;
}

/** Bytes a second that need not carry anything. */
const FREE_BYTES = 256 * 1024;
/** Beside each byte of content: one of its own frame takes nine more. */
const FRAME_PART = 10;
/** The same beside content that nobody read yet; a message of gRPC has at least five bytes, its frame nine more. */
const WAITING_PART = 3;
/** Pings and settings between two looks, which are answered and so cost us as much as the other side. */
const CONTROLS_MAX = 1000;
/** One more for so much content: who measures a connection sends a ping with each small message, for as long as it stands. */
const CONTENT_A_CONTROL = 5;
const BUSY_MS = 1000;
const IDLE_MS = 10_000;

/** A connection's lookout: from its start until `end`. */
export class Lookout implements Timed {
  readonly deadline = noDeadline();
  readonly traffic: Traffic = { content: 0, givenUp: 0 };
  private readonly host: LookoutHost;
  private read = 0;
  /** Bytes that came and that nothing explains so far. */
  private level = 0;
  private controls = 0;
  private at: number;

  constructor(host: LookoutHost) {
    this.host = host;
    this.at = host.wheel.now;
    host.wheel.set(this, BUSY_MS);
  }

  end(): void {
    this.host.wheel.drop(this);
  }

  /** A ping or settings came. */
  onControl(): void {
    if (++this.controls > CONTROLS_MAX + this.traffic.content / CONTENT_A_CONTROL) this.host.onFlood();
  }

  onDeadline(): void {
    const { host, traffic } = this;
    const came = host.bytesRead() - this.read;
    const seconds = Math.max(1, (host.wheel.now - this.at) / 1000);
    const fair = FREE_BYTES * seconds + FRAME_PART * traffic.content + traffic.givenUp * host.windowBytes;
    this.level = Math.max(0, this.level + came - fair);
    this.read += came;
    this.at = host.wheel.now;
    traffic.content = traffic.givenUp = this.controls = 0;
    // Content that nobody reads yet is counted when it is read: until then a window of it may wait in each stream.
    if (this.level > WAITING_PART * host.openStreams * host.windowBytes) return host.onFlood();
    host.wheel.set(this, host.openStreams > 0 ? BUSY_MS : IDLE_MS);
  }
}
