/**
 * The open query engines of a thread, by connection. An engine is replaced when its connection's hash
 * changes; the old one is closed when its last query has ended. Opening and refilling happen here, never
 * on a request.
 */
import type { Log } from '../base/log.ts';
import { Problem } from '../base/problem.ts';
import { readValue } from '../base/schema-read.ts';
import type { ConnectorComponent, ConnectorTools } from '../sdk/connector.ts';
import { type QueryEngine, QueryFailure } from '../sdk/query.ts';
import type { CompiledConnection } from '../sdk/revision.ts';
import type { ConnectionUse } from './protocol.ts';

/** Makes the query engine of a connection; throws a Problem when the connection cannot be queried. */
export type OpenEngine = (connection: CompiledConnection) => QueryEngine;

/** The usual `OpenEngine`: finds the connector in the registry, reads its configuration, creates it. */
export function engineOpener(
  connectors: ReadonlyMap<string, ConnectorComponent>,
  toolsFor: (component: ConnectorComponent, connection: CompiledConnection) => ConnectorTools,
): OpenEngine {
  return (connection) => {
    const component = connectors.get(connection.type);
    if (!component)
      throw new QueryFailure('unavailable', {
        en: `connector "${connection.type}" is not part of this build`,
        zh: `此版本不含连接器“${connection.type}”`,
      });
    const read = readValue(component.config, connection.config);
    if (read.errors.length > 0)
      throw new QueryFailure('unavailable', {
        en: `connection "${connection.name}" has an invalid configuration`,
        zh: `连接“${connection.name}”的配置无效`,
      });
    const connector = component.create(read.value as never, toolsFor(component, connection));
    if (!connector.query)
      throw new QueryFailure('unavailable', {
        en: `connector "${connection.type}" cannot be queried`,
        zh: `连接器“${connection.type}”不能查询`,
      });
    return { ...bindEngine(connector.query), close: () => connector.close() };
  };
}

function bindEngine(engine: QueryEngine): QueryEngine {
  return {
    dialect: engine.dialect,
    describe: (shape, signal) => engine.describe(shape, signal),
    canWrite: (signal) => engine.canWrite(signal),
    isUnique: (table, columns, signal) => engine.isUnique(table, columns, signal),
    run: (shape, values, limits, sort, signal) => engine.run(shape, values, limits, sort, signal),
    warm: (count, signal) => engine.warm(count, signal),
    close: () => engine.close(),
  };
}

export interface Engines {
  /** Makes the set of connections exactly `all`. */
  set(all: readonly ConnectionUse[]): void;
  /** Runs `work` on the engine of a connection; raises `unavailable` when there is none of this dialect. */
  use<T>(key: string, dialect: string, work: (engine: QueryEngine) => Promise<T>): Promise<T>;
  /** Closes all engines, those in use when their queries end. */
  close(): Promise<void>;
}

interface Slot {
  readonly hash: string;
  readonly engine: QueryEngine;
  readonly warming: AbortController;
  users: number;
  retired: boolean;
}

/** Makes an empty set. `warmCount` connections of each are opened ahead of use. */
export function createEngines(open: OpenEngine, log: Log, warmCount: (connection: CompiledConnection) => number): Engines {
  const slots = new Map<string, Slot>();
  const closing = new Set<Promise<void>>();

  const close = (slot: Slot) => {
    const done = slot.engine.close().catch((error: unknown) => log.warn('a query engine did not close cleanly', { error: String(error) }));
    closing.add(done);
    void done.finally(() => closing.delete(done));
  };
  const retire = (key: string) => {
    const slot = slots.get(key);
    if (!slot) return;
    slots.delete(key);
    slot.retired = true;
    slot.warming.abort(new Error('connection replaced'));
    if (slot.users === 0) close(slot);
  };
  const add = ({ key, hash, value }: ConnectionUse) => {
    try {
      const slot: Slot = { hash, engine: open(value), warming: new AbortController(), users: 0, retired: false };
      slots.set(key, slot);
      slot.engine.warm(warmCount(value), slot.warming.signal).catch((error: unknown) => {
        if (!slot.retired) log.warn('connections could not be opened ahead of use', { connection: key, ...logged(error) });
      });
    } catch (error) {
      log.error('a connection cannot be used for data APIs', { connection: key, ...logged(error) });
    }
  };

  return {
    set(all) {
      const wanted = new Map(all.map((use) => [use.key, use]));
      for (const [key, slot] of slots) if (wanted.get(key)?.hash !== slot.hash) retire(key);
      for (const use of all) if (!slots.has(use.key)) add(use);
    },
    async use(key, dialect, work) {
      const slot = slots.get(key);
      if (!slot || slot.engine.dialect !== dialect)
        throw new QueryFailure('unavailable', { en: `connection "${key}" is not open`, zh: `连接“${key}”未打开` });
      slot.users += 1;
      try {
        return await work(slot.engine);
      } finally {
        slot.users -= 1;
        if (slot.retired && slot.users === 0) close(slot);
      }
    },
    async close() {
      for (const key of slots.keys()) retire(key);
      await Promise.all(closing);
    },
  };
}

/** An error as log fields: for operators, with the database's own words. */
export function logged(error: unknown): Record<string, unknown> {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof Problem ? error.code : error instanceof QueryFailure ? `query-${error.reason}` : undefined;
  return { error: message, ...(code ? { code } : {}), ...(cause instanceof Error ? { cause: cause.message } : {}) };
}
