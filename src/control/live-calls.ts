/**
 * Calls as they come in, for those who watch: server-sent events, bounded on every side.
 *
 *   call writer ─▶ publish ─▶ at least the newest 5,000 kept, unread ─▶ each watcher that the record matches ─▶ its socket
 *
 * A watcher that does not keep up loses records and is told how many. Nothing waits for a watcher.
 */
import { Readable } from 'node:stream';
import type { Cancel, Clock } from '../base/clock.ts';
import { type PackedCalls, readPackedCalls } from '../sdk/call-batch.ts';
import type { CallRecord } from '../sdk/call-record.ts';
import type { CallFilter } from '../store/types.ts';

export interface Watching {
  /** Who watches: one of them does not take every place. */
  readonly by: string;
  readonly filter: Omit<CallFilter, 'limit' | 'order' | 'after'>;
  /** Id of the last record the watcher has seen: what is still kept since then comes first. */
  readonly after: string | undefined;
  /** Asked at each heartbeat; false ends the stream. */
  stillAllowed(): Promise<boolean>;
}

export interface LiveCalls {
  /** Shows the calls of a batch to whom they match, in their order. It is read only when somebody watches. */
  publish(batch: PackedCalls): void;
  /** A stream of events, or undefined when too many watch already. It ends by `stillAllowed`, by `close`, or destroyed. */
  watch(watching: Watching): Readable | undefined;
  /** Ends every stream. */
  close(): void;
  readonly watchers: number;
}

/** Streams at once: of all, and of one of them. */
export const WATCHERS_MAX = 50;
export const WATCHERS_EACH_MAX = 10;
const KEPT_MAX = 5_000;
const WAITING_BYTES_MAX = 1024 * 1024;
const HEARTBEAT_MS = 15_000;

/** Makes it; nobody watches yet. */
export function createLiveCalls(clock: Clock): LiveCalls {
  const kept: PackedCalls[] = [];
  let keptCalls = 0;
  const watchers = new Set<Watcher>();
  return {
    publish(batch) {
      if (batch.count === 0) return;
      kept.push(batch);
      keptCalls += batch.count;
      while (keptCalls - kept[0]!.count >= KEPT_MAX) keptCalls -= kept.shift()!.count;
      if (watchers.size === 0) return;
      const records = readPackedCalls(batch).map(shown);
      for (const watcher of watchers) for (const record of records) watcher.show(record);
    },
    watch(watching) {
      const own = [...watchers].filter((watcher) => watcher.watching.by === watching.by).length;
      if (watchers.size >= WATCHERS_MAX || own >= WATCHERS_EACH_MAX) return undefined;
      const watcher = new Watcher(clock, watching, () => watchers.delete(watcher));
      watchers.add(watcher);
      if (watching.after !== undefined)
        watcher.catchUp(
          kept.flatMap((batch) => readPackedCalls(batch).map(shown)),
          watching.after,
        );
      return watcher;
    },
    close() {
      for (const watcher of watchers) watcher.end();
    },
    get watchers() {
      return watchers.size;
    },
  };
}

class Watcher extends Readable {
  readonly watching: Watching;
  private readonly cancelHeartbeat: Cancel;
  private readonly gone: () => void;
  private dropped = 0;
  private over = false;

  constructor(clock: Clock, watching: Watching, gone: () => void) {
    super({ highWaterMark: WAITING_BYTES_MAX, encoding: 'utf8' });
    this.watching = watching;
    this.gone = gone;
    this.cancelHeartbeat = clock.every(HEARTBEAT_MS, () => this.beat(), { unref: true });
    this.push('retry: 2000\n: calls as they come\n\n');
  }

  /** What came after the record the watcher saw last; how many it missed cannot be said once that one is forgotten. */
  catchUp(kept: readonly CallRecord[], after: string): void {
    const at = kept.findLastIndex((record) => record.id === after);
    if (at < 0) return this.tell('event: dropped\ndata: {"count":null}\n\n');
    for (const record of kept.slice(at + 1)) this.show(record);
  }

  show(record: CallRecord): void {
    if (this.over || !matches(record, this.watching.filter)) return;
    if (this.readableLength >= WAITING_BYTES_MAX) return void this.dropped++;
    this.tellDropped();
    this.tell(`id: ${record.id.replace(/[\r\n\0]/g, '')}\nevent: call\ndata: ${JSON.stringify(record)}\n\n`);
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    this.cancelHeartbeat();
    this.gone();
    this.push(null);
  }

  override _read(): void {
    if (!this.over) this.tellDropped();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.over = true;
    this.cancelHeartbeat();
    this.gone();
    done(error);
  }

  private beat(): void {
    this.watching.stillAllowed().then(
      (allowed) => (allowed ? this.tell(': still here\n\n') : this.end()),
      () => this.end(),
    );
  }

  private tellDropped(): void {
    if (this.dropped === 0) return;
    const count = this.dropped;
    this.dropped = 0;
    this.tell(`event: dropped\ndata: {"count":${count}}\n\n`);
  }

  private tell(text: string): void {
    if (!this.over) this.push(text);
  }
}

/** The record as lists answer it. */
function shown(record: CallRecord & { readonly story?: unknown }): CallRecord {
  const { story: _story, ...slim } = record;
  return slim;
}

/** What the store's search would say of the record. */
function matches(r: CallRecord, f: Watching['filter']): boolean {
  const is = (wanted: unknown, value: unknown) => wanted === undefined || wanted === value;
  const from = (least: number | undefined, value: number) => least === undefined || value >= least;
  return (
    is(f.project, r.project) &&
    is(f.consumer, r.consumer) &&
    is(f.route, r.route) &&
    is(f.method, r.method) &&
    is(f.protocol, r.protocol) &&
    is(f.status, r.status) &&
    is(f.reason, r.reason) &&
    is(f.clientAddress, r.clientAddress) &&
    is(f.traceId, r.traceId) &&
    (f.id === undefined || r.id === f.id || r.id.startsWith(`${f.id}~`)) &&
    r.path.startsWith(f.path ?? '') &&
    r.release.startsWith(f.release ?? '') &&
    (f.routes?.includes(r.route) ?? true) &&
    (f.projects?.includes(r.project) ?? true) &&
    from(f.statusFrom, r.status) &&
    (f.statusTo === undefined || r.status <= f.statusTo) &&
    from(f.from, r.time) &&
    (f.to === undefined || r.time < f.to) &&
    from(f.slowerThanMs, r.durationMs) &&
    from(f.upstreamSlowerThanMs, r.upstreamMs) &&
    from(f.requestBytesFrom, r.requestBytes) &&
    from(f.responseBytesFrom, r.responseBytes)
  );
}
