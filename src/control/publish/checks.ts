/**
 * Data APIs are tried on their connection before they serve: in the background, a few at a time, each with a
 * deadline; what fails is tried again later, more and more rarely, and at once when asked.
 */
import type { Cancel, Clock } from '../../base/clock.ts';
import { pointersTold, Told, wordsOf } from '../../base/problem.ts';
import { type Text, tell } from '../../base/text.ts';
import type { CompiledDataApi, DataApiChecker } from '../../sdk/dataapi.ts';
import type { QueryEngine } from '../../sdk/query.ts';
import type { CompiledConnection } from '../../sdk/revision.ts';

/** Lends the query side of a connection for one piece of work; opens and closes it as it sees fit. */
export interface QueryLender {
  withEngine<V>(
    connection: CompiledConnection,
    work: (engine: QueryEngine, signal: AbortSignal) => Promise<V>,
    signal: AbortSignal,
  ): Promise<V>;
}

export interface CheckRequest {
  /** Identity: a new request of the same id replaces the older one. */
  readonly id: string;
  readonly api: CompiledDataApi;
  readonly connection: CompiledConnection;
}

export type CheckOutcome =
  | { readonly ok: true; readonly api: CompiledDataApi; readonly warnings: readonly Text[] }
  /** It will be tried again. */
  | { readonly ok: false; readonly reason: Text };

export interface Checks {
  request(request: CheckRequest): void;
  /** Forgets a request; an outcome that comes later is dropped. */
  cancel(id: string): void;
  /** Tries all that failed again now. */
  retryNow(): void;
  close(): Promise<void>;
}

export interface ChecksParts {
  readonly checker: DataApiChecker;
  readonly lender: QueryLender;
  readonly clock: Clock;
  /** Called once per try, in turn. */
  onOutcome(request: CheckRequest, outcome: CheckOutcome): Promise<void>;
  /** Told of a failure to take in an outcome; it is tried again. */
  onError(error: unknown): void;
}

const AT_ONCE = 2;
const CHECK_MS = 20_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

interface Item {
  readonly request: CheckRequest;
  readonly abort: AbortController;
  tries: number;
  state: 'waiting' | 'running' | 'resting';
  wake: Cancel | undefined;
}

/** Starts with nothing to do. */
export function createChecks(parts: ChecksParts): Checks {
  const items = new Map<string, Item>();
  const running = new Set<Promise<void>>();
  const pump = (): void => {
    for (const item of items.values()) {
      if (running.size >= AT_ONCE) return;
      if (item.state !== 'waiting') continue;
      item.state = 'running';
      const work: Promise<void> = runOne(parts, items, item, pump).finally(() => {
        running.delete(work);
        pump();
      });
      running.add(work);
    }
  };
  const cancel = (id: string): void => {
    const item = items.get(id);
    item?.wake?.();
    item?.abort.abort(new Error('not wanted any more'));
    items.delete(id);
  };
  return {
    request(request) {
      cancel(request.id);
      items.set(request.id, { request, abort: new AbortController(), tries: 0, state: 'waiting', wake: undefined });
      pump();
    },
    cancel,
    retryNow() {
      for (const item of items.values()) {
        if (item.state !== 'resting') continue;
        item.wake?.();
        item.state = 'waiting';
      }
      pump();
    },
    async close() {
      for (const id of Array.from(items.keys())) cancel(id);
      await Promise.allSettled(running);
    },
  };
}

async function runOne(parts: ChecksParts, items: Map<string, Item>, item: Item, pump: () => void): Promise<void> {
  const outcome = await tryOnce(parts, item);
  if (items.get(item.request.id) !== item) return;
  const accepted = await parts.onOutcome(item.request, outcome).then(
    () => true,
    (error: unknown) => (parts.onError(error), false),
  );
  if (items.get(item.request.id) !== item) return;
  if (outcome.ok && accepted) return void items.delete(item.request.id);
  item.state = 'resting';
  item.wake = parts.clock.after(
    Math.min(RETRY_FIRST_MS * 2 ** item.tries++, RETRY_MAX_MS),
    () => {
      item.state = 'waiting';
      pump();
    },
    { unref: true },
  );
}

async function tryOnce({ checker, lender, clock }: ChecksParts, item: Item): Promise<CheckOutcome> {
  const deadline = new AbortController();
  const stop = clock.after(
    CHECK_MS,
    () => deadline.abort(new Told({ en: `no answer within ${CHECK_MS / 1000} s`, zh: `${CHECK_MS / 1000} 秒内没有响应` })),
    { unref: true },
  );
  const signal = AbortSignal.any([item.abort.signal, deadline.signal]);
  const { api, connection } = item.request;
  const ended = new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  try {
    const work = lender.withEngine(connection, (engine, inner) => checker.checkPublishable(api, engine, inner), signal);
    const compilation = await Promise.race([work, ended]);
    return compilation.ok
      ? { ok: true, api: compilation.api, warnings: compilation.warnings }
      : { ok: false, reason: pointersTold(compilation.errors) };
  } catch (error) {
    return {
      ok: false,
      reason: tell({ en: 'connection "{name}": {words}', zh: '连接“{name}”：{words}' }, { name: connection.name, words: wordsOf(error) }),
    };
  } finally {
    stop();
    ended.catch(() => undefined);
  }
}
