/** One address a listener accepts connections on: opened, tried again when that fails, and drained when it is not wanted any more. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Cancel } from '../../base/clock.ts';
import type { Text } from '../../base/text.ts';
import type { AddressState } from '../../sdk/listener.ts';
import { acceptConnection, type AcceptingHost } from './acceptance.ts';
import { type Entrance, type ListenerProfile, type OpenConnection, ownLines } from './entrance.ts';
import type { ForwardedLines } from './messages.ts';
import { listenFault } from './listen-fault.ts';
import { putBack } from '../http2/preface.ts';
import type { ListenerHost } from './listener.ts';
import { openConnection } from './protocol.ts';
import type { TlsDoor } from './tls.ts';

/** What a binding asks of its listener, which may change at any time. */
export interface BindingOwner {
  readonly name: string;
  readonly profile: ListenerProfile;
  readonly door: TlsDoor | undefined;
  readonly proxyProtocol: 'off' | 'required';
  /** Addresses of both families are wanted: an IPv6 one must not take IPv4 connections too. */
  readonly ipv6Only: boolean;
  readonly counts: ListenerCounts;
  /** A binding opened, failed or was drained. */
  onBinding(): void;
}

/** Numbers of a listener on one thread; they outlive its bindings. */
export interface ListenerCounts {
  accepted: number;
  requests: number;
  /** Connections that were refused or ended by the gateway, by reason. */
  readonly ended: Map<string, number>;
}

const BACKLOG = 4096;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 30_000;

export class Binding implements AcceptingHost {
  readonly address: string;
  port: number;
  isDraining = false;
  private readonly host: ListenerHost;
  private readonly owner: BindingOwner;
  private readonly connections = new Set<OpenConnection>();
  private readonly coming = new Set<Socket>();
  private server: Server | undefined = undefined;
  private state: AddressState['state'] = 'opening';
  private reason: Text | undefined = undefined;
  private waitMs = RETRY_FIRST_MS;
  private cancelRetry: Cancel = () => {};
  private whenEmpty: (() => void) | undefined = undefined;

  constructor(host: ListenerHost, owner: BindingOwner, address: string, port: number) {
    this.host = host;
    this.owner = owner;
    this.address = address;
    this.port = port;
  }

  get profile(): ListenerProfile {
    return this.owner.profile;
  }

  get tls(): TlsDoor | undefined {
    return this.owner.door;
  }

  get proxyProtocol(): 'off' | 'required' {
    return this.owner.proxyProtocol;
  }

  get admission(): ListenerHost['admission'] {
    return this.host.admission;
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  get isFailed(): boolean {
    return this.state === 'failed';
  }

  get size(): number {
    return this.connections.size;
  }

  linesOf(entrance: Entrance, profile: ListenerProfile): ForwardedLines {
    return ownLines(entrance, profile);
  }

  onRequest(): void {
    this.owner.counts.requests++;
  }

  onEnded(reason: string): void {
    const { ended } = this.owner.counts;
    ended.set(reason, (ended.get(reason) ?? 0) + 1);
  }

  onComing(raw: Socket): () => void {
    this.coming.add(raw);
    return () => {
      this.coming.delete(raw);
      this.emptied();
    };
  }

  onServed(connection: OpenConnection): void {
    this.connections.add(connection);
  }

  onClosed(connection: OpenConnection): void {
    if (!this.connections.delete(connection)) return;
    const { admitted } = connection.entrance;
    this.host.admission.leave();
    if (admitted) this.host.admission.leaveFrom(admitted);
    this.emptied();
  }

  onPreface(connection: OpenConnection, socket: Socket, first: Buffer): void {
    if (!this.connections.delete(connection)) return;
    putBack(socket, first);
    this.connections.add(openConnection(this.host.tools, this, socket, connection.entrance, 'h2'));
  }

  /** Where it stands; `replaced` when its listener does not want it any more. */
  stateAs(wanted: boolean): AddressState {
    const { address, port, reason } = this;
    return { address, port, state: wanted || this.state !== 'open' ? this.state : 'replaced', reason };
  }

  /** Opens it; tried again from time to time as long as that fails. */
  open(): void {
    this.cancelRetry();
    const taken = this.host.claim(this.address, this.port, this.owner.name);
    if (taken) return this.failed(taken);
    this.listen().then(
      () => {
        if (this.isDraining) this.server?.close();
        this.waitMs = RETRY_FIRST_MS;
        this.owner.onBinding();
      },
      (error: unknown) => {
        this.host.release(this.address, this.port, this.owner.name, false);
        if (!this.isDraining) this.failed(listenFault(error, this.address, this.port));
      },
    );
  }

  /** Opens it once; rejects with the system's error. */
  listen(): Promise<number> {
    const server = (this.server = createServer({ noDelay: true, allowHalfOpen: true, highWaterMark: 64 * 1024 }, (socket) => {
      this.owner.counts.accepted++;
      acceptConnection(this.host.tools, this, socket);
    }));
    const where = { host: this.address, port: this.port, reusePort: this.host.reusePort, backlog: BACKLOG, ipv6Only: this.owner.ipv6Only };
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(where, () => {
        server.off('error', reject);
        // A failing accept (no descriptors left) is told by the connection count; it must not end the thread.
        server.on('error', () => {});
        this.port = (server.address() as { port: number }).port;
        this.state = 'open';
        this.reason = undefined;
        resolve(this.port);
      });
    });
  }

  /**
   * Stops accepting. Idle connections close now, others after their present answer (which says
   * `connection: close`), the rest after `graceMs`. Resolves when none is left.
   */
  async close(graceMs: number): Promise<void> {
    this.isDraining = true;
    this.cancelRetry();
    if (this.server?.listening) this.server.close();
    if (this.state !== 'failed') this.host.release(this.address, this.port, this.owner.name, true);
    for (const raw of this.coming) raw.destroy();
    for (const connection of this.connections) connection.drain();
    if (this.isEmpty) return;
    const cancel = this.host.clock.after(graceMs, () => {
      for (const connection of this.connections) connection.destroy();
    });
    await new Promise<void>((resolve) => {
      this.whenEmpty = resolve;
      this.emptied();
    });
    cancel();
  }

  private get isEmpty(): boolean {
    return this.connections.size + this.coming.size === 0;
  }

  private emptied(): void {
    if (this.whenEmpty && this.isEmpty) this.whenEmpty();
  }

  private failed(reason: Text): void {
    this.state = 'failed';
    this.reason = reason;
    this.cancelRetry = this.host.clock.after(this.waitMs, () => this.open(), { unref: true });
    this.waitMs = Math.min(this.waitMs * 2, RETRY_MAX_MS);
    this.owner.onBinding();
  }
}
