/**
 * The line to a target, under its requests: its socket, what is written to it, the memory it is read into.
 * In: where it leads. Out: what connection.ts, which sends requests and reads answers, builds on.
 */
import type { Socket } from 'node:net';
import type { Sender } from '../http/outbox.ts';
import { noDeadline, type Timed } from '../http/wheel.ts';
import { openSocket, type SocketReader, type SocketTo } from './socket.ts';
import type { ConnectionHost, ConnectionTarget, Memory } from './terms.ts';

const PRIVATE_BYTES = 64 * 1024;
/** Stands for no further requests; never written to. */
const NONE: Buffer[] = [];

/** `rest`: the answer is complete and the request is not. */
export type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'rest' | 'closed';

/** One socket to a target with all that outlives a request. */
export abstract class UpstreamLine implements Timed, Sender, SocketReader {
  readonly deadline = noDeadline();
  readonly target: ConnectionTarget;
  memory: Memory = 'shared';
  protected readonly host: ConnectionHost;
  protected readonly socket: Socket;
  protected phase: Phase = 'connecting';
  protected ownBuffer: Buffer | undefined = undefined;
  protected readonly openedAt: number;
  protected readonly isTls: boolean;
  protected error: NodeJS.ErrnoException | undefined = undefined;
  /** A whole request that goes out at the end of this turn. */
  protected unsent: Buffer | undefined = undefined;
  /** Those that go out behind it. */
  protected unsentMore: Buffer[] = NONE;
  /** Bytes come in memory of their own. */
  private readonly givesBuffers: boolean;

  constructor(host: ConnectionHost, target: ConnectionTarget, to: Pick<SocketTo, 'address' | 'port' | 'tls'>) {
    this.host = host;
    this.target = target;
    this.openedAt = host.clock.monotonic();
    const { serverName, session, sessions } = target;
    this.isTls = to.tls !== undefined;
    this.givesBuffers = this.isTls || sessions !== undefined;
    this.socket = openSocket({ ...to, serverName, session, sessions }, this);
    this.socket.on(this.isTls ? 'secureConnect' : 'connect', () => this.onConnect());
    this.socket.on('drain', () => this.onSocketDrain());
    this.socket.on('end', () => this.onEnd());
    this.socket.on('error', (error) => void (this.error ??= error));
    this.socket.on('close', () => this.onClose());
  }

  abstract onDeadline(): void;
  protected abstract onConnect(): void;
  protected abstract onSocketDrain(): void;
  protected abstract onEnd(): void;
  protected abstract onClose(): void;
  /** Bytes of the target: `b[i, end)`. */
  protected abstract read(b: Buffer, i: number, end: number): void;
  /** Longest silence. */
  protected abstract get idleMs(): number;

  /** For the socket: where its next bytes go. */
  buffer(): Uint8Array {
    return this.ownBuffer ?? this.host.sharedBuffer;
  }

  /** From the socket. */
  onBytes(b: Buffer, count: number): void {
    this.memory = b === this.host.sharedBuffer ? 'shared' : this.givesBuffers ? 'lasting' : 'private';
    this.read(b, 0, count);
  }

  /** From the socket: saves the next connection a handshake. */
  onSession(session: Buffer): void {
    this.target.session = session;
  }

  /** Writes a whole request, perhaps together with those of others at the end of this turn; its memory is given back then. */
  writeWhole(bytes: Buffer): void {
    const { outbox } = this.host;
    if (this.unsent !== undefined) {
      if (this.unsentMore === NONE) this.unsentMore = [bytes];
      else this.unsentMore.push(bytes);
      return;
    }
    const mayWait = this.phase !== 'connecting' && this.isFlushed;
    this.unsent = bytes;
    if (mayWait) outbox.add(this, bytes.length);
    else outbox.hurry(this);
  }

  sendNow(): boolean {
    const { unsent } = this;
    this.unsent = undefined;
    if (!unsent) return true;
    if (this.unsentMore.length > 0) return this.sendTogether(unsent, this.unsentMore);
    this.write(unsent);
    return this.isFlushed;
  }

  private sendTogether(first: Buffer, others: readonly Buffer[]): boolean {
    const { together } = this.host;
    this.unsentMore = NONE;
    this.write(together.join(first, others));
    together.sent(this.isFlushed);
    return true; // What is kept of it is a copy.
  }

  /** What was not sent will not be. */
  protected dropUnsent(): void {
    this.unsent = undefined;
    this.unsentMore = NONE;
  }

  /** Writes bytes of the request; false when the user should wait for `onDrain`. */
  write(bytes: Buffer): boolean {
    const ok = this.socket.write(bytes) || this.isFlushed;
    if (!ok && this.phase !== 'connecting') this.host.wheel.set(this, this.idleMs);
    return ok;
  }

  /** True when everything written is with the kernel, so its memory may be used again. */
  get isFlushed(): boolean {
    return this.socket.writableLength === 0;
  }

  /** True when nobody looks at what was written any more, so that its memory may go. */
  get isOut(): boolean {
    return !this.givesBuffers && this.isFlushed;
  }

  /** The bytes given in `private` memory are still queued: the next read needs a buffer of its own. */
  renewBuffer(): void {
    this.ownBuffer = Buffer.allocUnsafeSlow(PRIVATE_BYTES);
  }
}
