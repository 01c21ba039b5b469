/**
 * Opens connections: compiled configuration in, guarded connectors out.
 * Connectors are cached by the hash of their configuration, counted by use, and closed a while after the
 * last user let go. A changed configuration is another connector; the old one ends with its users.
 */
import type { Clock } from '../base/clock.ts';
import { contentHash, type Json } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import { pointersTold } from '../base/problem.ts';
import { readValue } from '../base/schema-read.ts';
import type { CheckStep, Connector, ConnectorComponent, ConnectorTools } from '../sdk/connector.ts';
import type { Registry } from '../sdk/registry.ts';
import type { CompiledConnection } from '../sdk/revision.ts';
import type { FileGuard } from './files.ts';
import type { HostGuard } from './hosts.ts';
import problems from './problems.ts';

export interface Connections {
  /**
   * A connector for this configuration; its `close` gives back the use. Raises `unknown-connector`,
   * `bad-config`, `too-many`. Does not connect yet.
   */
  open(connection: CompiledConnection): Connector;
  /** Checks a connection step by step, within `checkTimeoutMs`. */
  check(connection: CompiledConnection, signal: AbortSignal): AsyncIterable<CheckStep>;
  /** Closes everything, whoever still uses it. */
  close(): Promise<void>;
}

export interface ConnectionsSettings {
  readonly registry: Pick<Registry, 'connectors'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly hosts: HostGuard;
  readonly files: FileGuard;
  /** Connectors open at once, at most. */
  readonly openMax?: number;
  /** How long an unused connector stays open. */
  readonly idleMs?: number;
  readonly checkTimeoutMs?: number;
}

interface Held {
  readonly connector: Connector;
  uses: number;
  cancelClose: () => void;
}

const OPEN_MAX = 500;
const IDLE_MS = 60_000;
const CHECK_TIMEOUT_MS = 60_000;

/** Makes the opener of connections. */
export function createConnections(settings: ConnectionsSettings): Connections {
  const held = new Map<string, Held>();
  const letGo = (key: string, one: Held): Promise<void> => {
    one.cancelClose();
    if (held.get(key) === one) held.delete(key);
    return one.connector.close().catch((error: unknown) => settings.log.warn('a connector did not close well', { error: String(error) }));
  };
  const take = (connection: CompiledConnection): { connector: Connector; release: () => void } => {
    const { project, name, type, config } = connection;
    // The hash holds secrets: it is a key in memory and goes nowhere.
    const key = contentHash({ project, name, type, config: config as Json });
    let one = held.get(key);
    if (!one) {
      if (held.size >= (settings.openMax ?? OPEN_MAX)) throw problems.raise['too-many']({ values: { count: held.size } });
      one = { connector: create(settings, connection), uses: 0, cancelClose: () => {} };
      held.set(key, one);
    }
    const mine = one;
    mine.uses++;
    mine.cancelClose();
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      if (--mine.uses > 0) return;
      mine.cancelClose = settings.clock.after(settings.idleMs ?? IDLE_MS, () => void letGo(key, mine), { unref: true });
    };
    return { connector: mine.connector, release };
  };
  return {
    open(connection) {
      const { connector, release } = take(connection);
      return { ...connector, close: async () => release() };
    },
    async *check(connection, signal) {
      const { connector, release } = take(connection);
      const late = new AbortController();
      const cancel = settings.clock.after(settings.checkTimeoutMs ?? CHECK_TIMEOUT_MS, () => late.abort(problems.raise['check-timeout']()));
      try {
        yield* connector.check(AbortSignal.any([signal, late.signal]));
      } finally {
        cancel();
        release();
      }
    },
    async close() {
      await Promise.all([...held].map(([key, one]) => letGo(key, one)));
    },
  };
}

function create(settings: ConnectionsSettings, { project, name, type, config }: CompiledConnection): Connector {
  const component: ConnectorComponent | undefined = settings.registry.connectors.get(type);
  if (!component)
    throw problems.raise['unknown-connector']({ values: { name, type, known: [...settings.registry.connectors.keys()].join(', ') } });
  const read = readValue(component.config, config);
  if (read.errors.length > 0) {
    throw problems.raise['bad-config']({ values: { name, reason: pointersTold(read.errors) }, errors: read.errors });
  }
  const tools: ConnectorTools = {
    problems: component.catalogue.raise,
    clock: settings.clock,
    log: settings.log.with({ project, connection: name }),
    resolveHost: settings.hosts.resolve,
    resolveFile: settings.files.resolve,
    recheckFile: settings.files.recheck,
  };
  return component.create(read.value as Parameters<typeof component.create>[0], tools);
}
