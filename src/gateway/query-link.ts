/** The gateway process's query thread: started, fed with connections and data APIs, brought back, and linked to socket threads. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { QUERY_ENTRIES, type ToQueryThread } from '../sdk/query-thread.ts';
import type { AnyEntry, Entry, RevisionDelta } from '../sdk/revision.ts';
import { type KeptThread, keepThread, type NewThread, newThread } from './kept-thread.ts';

export interface QueryLinkOptions {
  readonly entry: URL;
  /** Starts the thread; a new one each time when left out. */
  readonly newThread?: NewThread | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** The thread came back: every socket thread needs a new port. */
  onRestart(): void;
}

export interface QueryLink {
  /** A port for one socket thread; the other end is with the query thread. */
  newPort(): MessagePort;
  /** Connections may not go to these ports from now on; call it before `apply` of the same revision. */
  useListenerPorts(ports: readonly number[]): void;
  /** Passes on what a delta says of connections and data APIs. */
  apply(delta: RevisionDelta): void;
  restarts(): number;
  stop(graceMs: number): Promise<void>;
}

type QueryEntry = Entry<'connection' | 'dataapi'>;

/** Starts the query thread and keeps it. */
export function createQueryLink(options: QueryLinkOptions): QueryLink {
  const entries = new Map<string, QueryEntry>();
  let listenerPorts: readonly number[] = [];
  let starts = 0;
  let early: MessagePort[] = [];
  const kept: KeptThread<ToQueryThread> = keepThread<ToQueryThread, never>({
    start: () => (options.newThread ?? newThread)(options.entry, { workerData: { kind: 'weir-query-thread' }, name: 'query' }),
    clock: options.clock,
    log: options.log.with({ thread: 'query' }),
    onMessage() {},
    onStart() {
      if (listenerPorts.length > 0) kept.send({ type: 'listener-ports', ports: listenerPorts });
      if (entries.size > 0) kept.send({ type: 'entries', put: [...entries.values()], remove: [] });
      for (const port of early) kept.send({ type: 'port', port }, [port]);
      early = [];
      if (starts++ > 0) options.onRestart();
    },
  });
  return {
    newPort() {
      const { port1, port2 } = new MessageChannel();
      // Before the first start the port waits; while the thread is down it closes, and `onRestart` brings a new one.
      if (!kept.send({ type: 'port', port: port1 }, [port1])) {
        if (starts === 0) early.push(port1);
        else port1.close();
      }
      return port2;
    },
    useListenerPorts(ports) {
      listenerPorts = ports;
      kept.send({ type: 'listener-ports', ports });
    },
    apply(delta) {
      const put = delta.put.filter(isQueryEntry);
      const named = new Set(put.map((entry) => entry.key));
      const gone = delta.from === 0 ? [...entries.keys()].filter((key) => !named.has(key)) : delta.remove.filter((key) => entries.has(key));
      for (const key of gone) entries.delete(key);
      for (const entry of put) entries.set(entry.key, entry);
      if (put.length + gone.length > 0) kept.send({ type: 'entries', put, remove: gone });
    },
    restarts: () => kept.restarts(),
    async stop(graceMs) {
      kept.stop({ type: 'close' });
      await kept.ended(graceMs);
    },
  };
}

function isQueryEntry(entry: AnyEntry): entry is AnyEntry & QueryEntry {
  return QUERY_ENTRIES.includes(entry.type);
}
