/**
 * All listeners of one thread: the one of the process configuration, which opens first and decides whether the thread
 * can serve at all, and those of the configuration, none of which can take another one down.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { wordsOf } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';
import { type CompiledListener, DEFAULT_LISTENER, type ListenerState } from '../../sdk/listener.ts';
import type { DefaultListener, EngineLimits, ListenerNumbers } from '../contract.ts';
import type { Admission } from './admission.ts';
import { claimed, ownPort } from './listen-fault.ts';
import { Listener, type ListenerHost, type ListenerSettings } from './listener.ts';
import type { EngineTools } from './tools.ts';

export interface Listeners {
  /** Opens the listener of the process configuration, then those that were put before. */
  listen(where: DefaultListener & { readonly reusePort: boolean }): Promise<number>;
  put(listener: CompiledListener): void;
  remove(name: string): void;
  states(): readonly ListenerState[];
  numbers(): readonly ListenerNumbers[];
  useTicketKey(key: Uint8Array): void;
  close(graceMs: number): Promise<void>;
}

export interface ListenersOptions {
  readonly tools: EngineTools;
  readonly limits: EngineLimits;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly log: Log;
  readonly drainMs: number;
  /** Ports of Weir that no listener of the configuration may take. */
  readonly ownPorts: ReadonlySet<number>;
  onChange(): void;
  /** A port is a listener’s from now on, or no listener’s any more. */
  onPort(port: number, isOurs: boolean): void;
}

/** Makes the set; nothing is opened before `listen`. */
export function createListeners(options: ListenersOptions): Listeners {
  const listeners = new Map<string, Listener>();
  const leaving = new Set<Promise<void>>();
  const broken = new Map<string, ListenerState>();
  const waiting = new Map<string, CompiledListener>();
  const claims = createClaims(options, (address, port) => {
    for (const listener of listeners.values()) listener.retry(address, port);
  });
  let isOpen = false;
  const host: ListenerHost & { reusePort: boolean; ticketKey: Buffer | undefined } = {
    ...options,
    ...claims,
    reusePort: false,
    ticketKey: undefined,
    onChange: () => options.onChange(),
  };
  const put = (compiled: CompiledListener) => putListener(compiled, { host, listeners, broken, limits: options.limits });
  return {
    async listen({ host: address, port, reusePort, ...rest }) {
      host.reusePort = reusePort;
      const listener = new Listener(host, {
        name: DEFAULT_LISTENER,
        addresses: [address],
        port,
        tls: undefined,
        limits: options.limits,
        ...rest,
      });
      const bound = await listener.openFirst();
      listeners.set(DEFAULT_LISTENER, listener);
      isOpen = true;
      for (const compiled of waiting.values()) put(compiled);
      waiting.clear();
      return bound;
    },
    put: (compiled) => (isOpen ? put(compiled) : void waiting.set(compiled.name, compiled)),
    remove(name) {
      waiting.delete(name);
      broken.delete(name);
      const listener = listeners.get(name);
      if (!listener) return;
      listeners.delete(name);
      const gone = listener.close(options.drainMs);
      leaving.add(gone);
      void gone.finally(() => leaving.delete(gone));
      options.onChange();
    },
    states: () => [...[...listeners.values()].map((listener) => listener.state()), ...broken.values()],
    numbers: () => [...listeners.values()].map(numbersOf),
    useTicketKey(key) {
      host.ticketKey = Buffer.from(key);
      for (const listener of listeners.values()) listener.useTicketKey(host.ticketKey);
    },
    async close(graceMs) {
      await Promise.all([...[...listeners.values()].map((listener) => listener.close(graceMs)), ...leaving]);
      listeners.clear();
    },
  };
}

interface Put {
  readonly host: ListenerHost;
  readonly listeners: Map<string, Listener>;
  /** Where listeners stand that could not be made at all. */
  readonly broken: Map<string, ListenerState>;
  readonly limits: EngineLimits;
}

function putListener(compiled: CompiledListener, { host, listeners, broken, limits }: Put): void {
  const settings: ListenerSettings = { ...compiled, limits: { ...limits, ...compiled.limits } };
  const known = listeners.get(compiled.name);
  broken.delete(compiled.name);
  if (known) return known.change(settings);
  try {
    const listener = new Listener(host, settings);
    listeners.set(compiled.name, listener);
    listener.openAll();
  } catch (error) {
    broken.set(compiled.name, brokenState(compiled, wordsOf(error)));
    host.onChange();
  }
}

function numbersOf({ name, size, counts }: Listener): ListenerNumbers {
  return { name, connections: size, accepted: counts.accepted, requests: counts.requests, ended: [...counts.ended] };
}

function brokenState({ name, addresses, port, tls }: CompiledListener, reason: Text): ListenerState {
  const states = addresses.map((address) => ({ address, port, state: 'failed', reason }) as const);
  return { name, protocol: tls ? 'https' : 'http', reason, addresses: states };
}

/** Who has which address: with shared ports the system would let two listeners have one and deal out its connections. */
function createClaims(
  { ownPorts, onPort }: Pick<ListenersOptions, 'ownPorts' | 'onPort'>,
  onRelease: (address: string, port: number) => void,
): Pick<ListenerHost, 'claim' | 'release'> {
  const owners = new Map<string, string>();
  return {
    claim(address, port, name) {
      const key = `${address} ${port}`;
      const owner = owners.get(key);
      if (owner !== undefined && owner !== name) return claimed(owner, address, port);
      if (name !== DEFAULT_LISTENER && ownPorts.has(port)) return ownPort(port);
      owners.set(key, name);
      onPort(port, true);
      return undefined;
    },
    release(address, port, name, wasOpen) {
      const key = `${address} ${port}`;
      if (owners.get(key) !== name) return;
      owners.delete(key);
      if (![...owners.keys()].some((other) => other.endsWith(` ${port}`))) onPort(port, false);
      // Whoever waits for it may have it now; a failed attempt of the same listener is not waited for by anybody.
      if (wasOpen) queueMicrotask(() => onRelease(address, port));
    },
  };
}
