/**
 * One listener on one thread: its settings, its TLS, the addresses it accepts on. A change of settings replaces what
 * connections read next and closes nothing; a change of addresses opens the new ones first, and only when all of
 * them are open are the old ones drained.
 */
import { isIPv4 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Text } from '../../base/text.ts';
import type { ClientLimits, CompiledListener, ListenerState } from '../../sdk/listener.ts';
import { createTrust } from '../../sdk/networks.ts';
import type { Steps } from '../steps.ts';
import type { Admission } from './admission.ts';
import { Binding, type BindingOwner, type ListenerCounts } from './binding.ts';
import type { ListenerProfile } from './entrance.ts';
import { createHeadPool } from './head.ts';
import { protocolsOf } from './protocol.ts';
import { makeTlsDoor, type TlsDoor } from './tls.ts';
import type { EngineTools } from './tools.ts';

/** What a listener is to be: limits complete. */
export type ListenerSettings = Omit<CompiledListener, 'project' | 'limits'> & { readonly limits: ClientLimits };

/** What all listeners of a thread share. */
export interface ListenerHost {
  readonly tools: EngineTools;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly log: Log;
  readonly drainMs: number;
  /** True when other threads listen on the same addresses. */
  readonly reusePort: boolean;
  /** Of TLS session tickets; undefined until there is one. */
  readonly ticketKey: Buffer | undefined;
  /** Takes an address for a listener; why that cannot be, when somebody else has it. */
  claim(address: string, port: number, name: string): Text | undefined;
  /** Gives it back; `wasOpen`: it could be listened on. */
  release(address: string, port: number, name: string, wasOpen: boolean): void;
  /** Something is new for `state`. */
  onChange(): void;
}

export class Listener implements BindingOwner {
  readonly name: string;
  readonly counts: ListenerCounts;
  profile: ListenerProfile;
  door: TlsDoor | undefined;
  private settings: ListenerSettings;
  private reason: Text | undefined = undefined;
  private readonly host: ListenerHost;
  private readonly bindings = new Map<string, Binding>();
  private readonly leaving = new Set<Promise<void>>();
  private closed = false;

  /** `door`: of these settings and counts, from `makeDoor`. */
  constructor(host: ListenerHost, settings: ListenerSettings, door: TlsDoor | undefined, counts = noCounts()) {
    this.host = host;
    this.name = settings.name;
    this.counts = counts;
    this.settings = settings;
    this.profile = profileOf(settings, undefined);
    this.door = this.keyed(door);
  }

  get proxyProtocol(): 'off' | 'required' {
    return this.settings.proxyProtocol;
  }

  get ipv6Only(): boolean {
    return this.settings.addresses.some((address) => isIPv4(address));
  }

  /** Connections open now. */
  get size(): number {
    return [...this.bindings.values()].reduce((sum, binding) => sum + binding.size, 0);
  }

  /** True when `settings` go with the door there is. */
  keepsDoor({ tls, limits, http2 }: ListenerSettings): boolean {
    const now = this.settings;
    return limits.handshakeMs === now.limits.handshakeMs && http2 === now.http2 && isDeepStrictEqual(tls, now.tls);
  }

  /** Takes new settings with their door. */
  change(settings: ListenerSettings, door: TlsDoor | undefined): void {
    this.profile = profileOf(settings, this.profile);
    this.door = this.keyed(door);
    this.settings = settings;
    this.reason = undefined;
  }

  /** New settings cannot be taken: the old ones stay, and the reason is told. */
  refuse(reason: Text): void {
    this.reason = reason;
  }

  /** Opens the addresses that are wanted and not there. */
  openAll(): void {
    if (this.closed) return;
    for (const [key, [address, port]] of this.wanted()) {
      if (this.bindings.has(key)) continue;
      const binding = new Binding(this.host, this, address, port);
      this.bindings.set(key, binding);
      binding.open();
    }
    this.onBinding();
  }

  /** Opens the one address of the process configuration; rejects with the system's error. */
  async openFirst(): Promise<number> {
    const [address] = this.settings.addresses;
    const binding = new Binding(this.host, this, address!, this.settings.port);
    const port = await binding.listen();
    this.settings = { ...this.settings, port };
    this.host.claim(address!, port, this.name);
    this.bindings.set(keyOf(address!, port), binding);
    this.onBinding();
    return port;
  }

  onBinding(): void {
    if (this.closed) return;
    const wanted = this.wanted();
    const allOpen = [...wanted.keys()].every((key) => this.bindings.get(key)?.isOpen);
    for (const [key, binding] of this.bindings) {
      if (wanted.has(key) || (!allOpen && binding.isOpen)) continue;
      this.bindings.delete(key);
      this.leave(binding);
    }
    this.host.onChange();
  }

  /** Tries at once what waits for an address that another listener gave back. */
  retry(address: string, port: number): void {
    const binding = this.bindings.get(keyOf(address, port));
    if (binding?.isFailed) binding.open();
  }

  useTicketKey(key: Buffer): void {
    this.door?.useTicketKey(key);
  }

  state(): ListenerState {
    const wanted = this.wanted();
    const addresses = [...this.bindings].map(([key, binding]) => binding.stateAs(wanted.has(key)));
    for (const [key, [address, port]] of wanted) {
      if (!this.bindings.has(key)) addresses.push({ address, port, state: 'opening', reason: undefined });
    }
    return { name: this.name, protocol: this.settings.tls ? 'https' : 'http', reason: this.reason, addresses };
  }

  /** Closes every address; resolves when the last connection is gone. */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    for (const binding of this.bindings.values()) this.leave(binding, graceMs);
    await Promise.all(this.leaving);
    this.bindings.clear();
  }

  private leave(binding: Binding, graceMs = this.host.drainMs): void {
    const gone = binding.close(graceMs);
    this.leaving.add(gone);
    void gone.finally(() => this.leaving.delete(gone));
  }

  private wanted(): Map<string, [string, number]> {
    const { addresses, port } = this.settings;
    return new Map(addresses.map((address) => [keyOf(address, port), [address, port]]));
  }

  /** A door that took long to make may have missed a new key. */
  private keyed(door: TlsDoor | undefined): TlsDoor | undefined {
    if (this.host.ticketKey) door?.useTicketKey(this.host.ticketKey);
    return door;
  }
}

/** The TLS of a listener, in steps; undefined without. Throws what OpenSSL says of certificates, keys and ciphers it does not take. */
export function* makeDoor(host: ListenerHost, settings: ListenerSettings, { ended }: ListenerCounts): Steps<TlsDoor | undefined> {
  const { name, tls, limits, http2 = true } = settings;
  if (!tls) return undefined;
  return yield* makeTlsDoor({
    tls,
    name,
    protocols: protocolsOf(http2),
    handshakeMs: limits.handshakeMs,
    ticketKey: host.ticketKey,
    onFailed: (reason) => ended.set(reason, (ended.get(reason) ?? 0) + 1),
  });
}

/** Numbers of a listener that begins. */
export function noCounts(): ListenerCounts {
  return { accepted: 0, requests: 0, ended: new Map() };
}

function keyOf(address: string, port: number): string {
  return `${address} ${port}`;
}

/** The settings as connections read them; parsed heads are kept as long as they fit. */
function profileOf(settings: ListenerSettings, before: ListenerProfile | undefined): ListenerProfile {
  const { name, limits, trustedProxies, forwarded, via, tls, http2 = true } = settings;
  const fits =
    before !== undefined &&
    before.limits.headBytesMax === limits.headBytesMax &&
    before.limits.headersMax === limits.headersMax &&
    before.limits.targetBytesMax === limits.targetBytesMax;
  return Object.freeze({
    name,
    limits,
    requestHeads: fits ? before.requestHeads : createHeadPool('request', limits),
    trust: createTrust(trustedProxies),
    forwarded,
    via,
    tellCertificate: tls?.tellClientCertificate ?? false,
    http2,
  });
}
