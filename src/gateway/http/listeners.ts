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
import type { ListenerCounts } from './binding.ts';
import { Listener, type ListenerHost, type ListenerSettings, makeDoor, noCounts } from './listener.ts';
import { finish, type Steps } from '../steps.ts';
import type { TlsDoor } from './tls.ts';
import type { EngineTools } from './tools.ts';

export interface Listeners {
  /** Opens the listener of the process configuration, then those that were put before. */
  listen(where: DefaultListener & { readonly reusePort: boolean }): Promise<number>;
  /** Makes in steps what `put` of the same listener would have to make at once. */
  prepare(listener: CompiledListener): Steps<void>;
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
  const put: Put = { host, listeners, broken, prepared: new Map(), limits: options.limits };
  return {
    async listen({ host: address, port, reusePort, ...rest }) {
      host.reusePort = reusePort;
      const own = { name: DEFAULT_LISTENER, addresses: [address], port, tls: undefined, limits: options.limits, ...rest };
      const listener = new Listener(host, own, undefined);
      const bound = await listener.openFirst();
      const others = [...listeners.values()];
      listeners.set(DEFAULT_LISTENER, listener);
      isOpen = true;
      openInTurns(others, host.clock);
      return bound;
    },
    prepare: (compiled) => prepare(compiled, put),
    put(compiled) {
      const listener = putListener(compiled, put);
      if (isOpen) listener?.openAll();
    },
    remove(name) {
      put.prepared.delete(name);
      broken.delete(name);
      const listener = listeners.get(name);
      if (!listener) return;
      listeners.delete(name);
      const gone = listener.close(options.drainMs);
      leaving.add(gone);
      void gone.finally(() => leaving.delete(gone));
      options.onChange();
    },
    states: () => (isOpen ? [...[...listeners.values()].map((listener) => listener.state()), ...broken.values()] : []),
    numbers: () => (isOpen ? [...listeners.values()].map(numbersOf) : []),
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

/** Opens what was put before the thread listened: the default listener has clients already, which do not wait for all of them. */
function openInTurns([first, ...rest]: readonly Listener[], clock: Clock): void {
  if (!first) return;
  first.openAll();
  clock.after(0, () => openInTurns(rest, clock));
}

/** What came of preparing: a door (none for plain HTTP), or why there can be none. */
interface Prepared {
  readonly compiled: CompiledListener;
  readonly settings: ListenerSettings;
  readonly counts: ListenerCounts;
  readonly door: TlsDoor | undefined;
  readonly fault: Text | undefined;
}

interface Put {
  readonly host: ListenerHost;
  readonly listeners: Map<string, Listener>;
  /** Where listeners stand that could not be made at all. */
  readonly broken: Map<string, ListenerState>;
  readonly prepared: Map<string, Prepared>;
  readonly limits: EngineLimits;
}

function* prepare(compiled: CompiledListener, { host, listeners, prepared, limits }: Put): Steps<void> {
  const { name } = compiled;
  const settings: ListenerSettings = { ...compiled, limits: { ...limits, ...compiled.limits } };
  const known = listeners.get(name);
  const ready = { compiled, settings, counts: known?.counts ?? noCounts(), fault: undefined };
  try {
    const door = known?.keepsDoor(settings) ? known.door : yield* makeDoor(host, settings, ready.counts);
    prepared.set(name, { ...ready, door });
  } catch (error) {
    prepared.set(name, { ...ready, door: undefined, fault: wordsOf(error) });
  }
}

/** The listener as it is to be; undefined when there can be none. */
function putListener(compiled: CompiledListener, put: Put): Listener | undefined {
  const { host, listeners, broken, prepared } = put;
  const { name } = compiled;
  if (prepared.get(name)?.compiled !== compiled) finish(prepare(compiled, put));
  const { settings, counts, door, fault } = prepared.get(name)!;
  prepared.delete(name);
  broken.delete(name);
  let listener = listeners.get(name);
  if (fault) {
    if (listener) listener.refuse(fault);
    else broken.set(name, brokenState(compiled, fault));
    host.onChange();
  } else if (listener) listener.change(settings, door);
  else listeners.set(name, (listener = new Listener(host, settings, door, counts)));
  return listener;
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
