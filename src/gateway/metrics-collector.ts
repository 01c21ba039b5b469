/**
 * Asks every thread for its numbers and joins them. What a thread had counted before it died stays in the
 * sum, and a thread that is late is represented by its last answer: counters of a process never go back.
 */
import type { Clock } from '../base/clock.ts';
import type { MetricsJson } from '../sdk/channel.ts';
import { joinSnapshots, metricsJson } from './metrics-json.ts';
import { type MetricsSnapshot, ROW } from './route-stats.ts';

export interface MetricsCollector {
  /** Asks by `ask` (answers whether the thread could be asked) and waits a bounded time for the answers. */
  collect(threads: readonly number[], ask: (thread: number, id: number) => boolean): Promise<MetricsJson>;
  /** A thread's answer. */
  answered(thread: number, id: number, snapshot: MetricsSnapshot): void;
  /** A thread died: keeps what it last said of routes that `isKept` names. */
  ended(thread: number, isKept: (project: string, route: string) => boolean): void;
}

/** Below the two seconds that control waits. */
const WAIT_MS = 1500;

/** Makes the collector of a process. */
export function createMetricsCollector(clock: Clock): MetricsCollector {
  const latest = new Map<number, MetricsSnapshot>();
  const open = new Map<number, { waiting: Set<number>; done: () => void }>();
  let past: MetricsSnapshot = joinSnapshots([]);
  let lastId = 0;
  return {
    async collect(threads, ask) {
      const id = ++lastId;
      const waiting = new Set(threads.filter((thread) => ask(thread, id)));
      if (waiting.size > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        open.set(id, { waiting, done: resolve });
        const cancel = clock.after(WAIT_MS, resolve, { unref: true });
        await promise;
        cancel();
        open.delete(id);
      }
      return metricsJson([past, ...latest.values()]);
    },
    answered(thread, id, snapshot) {
      latest.set(thread, snapshot);
      const collection = open.get(id);
      if (collection?.waiting.delete(thread) && collection.waiting.size === 0) collection.done();
    },
    ended(thread, isKept) {
      const last = latest.get(thread);
      latest.delete(thread);
      if (last) past = joinSnapshots([past, withoutInFlight(last)], (name) => name.route === '' || isKept(name.project, name.route));
      for (const collection of open.values()) {
        if (collection.waiting.delete(thread) && collection.waiting.size === 0) collection.done();
      }
    },
  };
}

function withoutInFlight(snapshot: MetricsSnapshot): MetricsSnapshot {
  const numbers = snapshot.numbers.slice();
  for (let i = ROW.inFlight; i < numbers.length; i += ROW.width) numbers[i] = 0;
  return {
    ...snapshot,
    numbers,
    listeners: (snapshot.listeners ?? []).map((one) => ({ ...one, connections: 0 })),
    upstreams: (snapshot.upstreams ?? []).map((one) => ({ ...one, states: one.states.map(() => 0) })),
  };
}
