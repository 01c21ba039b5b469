/**
 * The line to one client, under its requests: where it came in, what is written to it, its deadlines, its orderly end.
 * In: sockets and settings of a listener. Out: what client.ts, which reads and answers requests, builds on.
 */
import type { Socket } from 'node:net';
import { type ClientHost, type Entrance, type ListenerProfile, proxiedLines } from './entrance.ts';
import type { Head } from './head.ts';
import { Input } from './input.ts';
import type { ForwardedLines } from './messages.ts';
import type { Sender } from './outbox.ts';
import type { EngineTools } from './tools.ts';
import { noDeadline, type Timed } from './wheel.ts';

type Mode = 'idle' | 'head' | 'decide' | 'body' | 'answer' | 'linger' | 'closed';
type Timing = 'idle' | 'head' | 'body' | 'write' | 'linger';

const LINGER_MS = 2000;

/** One client's socket with all that outlives a request. */
export abstract class ClientLine implements Timed, Sender {
  readonly deadline = noDeadline();
  readonly entrance: Entrance;
  protected readonly tools: EngineTools;
  protected readonly host: ClientHost;
  protected readonly socket: Socket;
  protected readonly input: Input;
  protected profile: ListenerProfile;
  protected mode: Mode = 'idle';
  protected timing: Timing = 'head';
  protected startedAt = 0;
  protected responseBytes = 0;
  private lines: ForwardedLines | undefined = undefined;
  private queuedAtCheck = 0;
  /** A whole message that goes out at the end of this turn. */
  private unsent: Buffer | undefined = undefined;

  constructor(tools: EngineTools, host: ClientHost, socket: Socket, entrance: Entrance) {
    this.tools = tools;
    this.host = host;
    this.socket = socket;
    this.entrance = entrance;
    this.profile = host.profile;
    this.input = new Input(socket, this.profile.limits.pipelineBytesMax);
  }

  abstract onDeadline(): void;

  /** Ends at once, whatever is going on. */
  protected abstract terminate(reason: string): void;

  get forwardedLines(): ForwardedLines {
    return (this.lines ??= this.host.linesOf(this.entrance, this.profile));
  }

  get isFlushed(): boolean {
    return this.socket.writableLength === 0;
  }

  get takesMore(): boolean {
    return this.isFlushed || !this.socket.writableNeedDrain;
  }

  writeWhole(bytes: Buffer): void {
    const { outbox } = this.tools;
    const mayWait = this.unsent === undefined && this.isFlushed;
    this.sendFirst();
    this.responseBytes += bytes.length;
    this.unsent = bytes;
    if (mayWait) outbox.add(this, bytes.length);
    else outbox.hurry(this);
  }

  sendNow(): boolean {
    const { unsent } = this;
    this.unsent = undefined;
    if (!unsent || this.socket.destroyed) return true;
    this.send(unsent);
    return this.isFlushed;
  }

  write(bytes: Buffer): boolean {
    this.sendFirst();
    this.responseBytes += bytes.length;
    return this.send(bytes);
  }

  /** What waits goes out before anything else is done to the socket. */
  protected sendFirst(): void {
    if (this.unsent) this.tools.outbox.hurry(this);
  }

  private send(bytes: Buffer): boolean {
    // A piece as large as the mark asks for a drain even when the kernel took all of it at once.
    const ok = this.socket.write(bytes) || this.isFlushed;
    if (!ok) {
      this.queuedAtCheck = this.socket.writableLength;
      this.time('write', this.profile.limits.writeIdleMs);
    }
    return ok;
  }

  onFinish(): void {
    if (this.mode === 'linger') this.time('linger', LINGER_MS);
  }

  protected onWriteLate(): void {
    const queued = this.socket.writableLength;
    if (queued >= this.queuedAtCheck) return this.terminate('client-write-timeout');
    this.queuedAtCheck = queued;
    this.time('write', this.profile.limits.writeIdleMs);
  }

  protected finishConnection(): void {
    if (this.mode === 'linger' || this.mode === 'closed') return;
    this.sendFirst();
    this.mode = 'linger';
    this.input.clear();
    this.input.resume();
    this.queuedAtCheck = this.socket.writableLength + 1;
    this.time('write', this.profile.limits.writeIdleMs);
    this.socket.end();
  }

  protected time(timing: Timing, ms: number): void {
    this.timing = timing;
    this.tools.wheel.set(this, ms);
  }

  /** Settings may have changed since the last request. */
  protected useProfile(): void {
    if (this.profile === this.host.profile) return;
    this.profile = this.host.profile;
    this.lines = undefined;
  }

  /** The proxy behind the connection is trusted: it says who the client is. */
  protected askProxy(head: Head): string {
    const { client, lines } = proxiedLines(head, this.entrance, this.profile);
    this.lines = lines;
    return client;
  }

  protected get elapsedMs(): number {
    return this.tools.wheel.now - this.startedAt;
  }
}
