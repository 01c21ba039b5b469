/**
 * Addresses of upstream names, kept off the request path: a request only ever reads what is known.
 * Numeric addresses stand for themselves. Known names are asked again in the background when their time is
 * over; until the answer comes, and when it fails, the old addresses stay.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';

/** Answers the addresses of a name and how long they hold. Rejects when there are none. */
export type ResolveHost = (host: string) => Promise<{ readonly addresses: readonly string[]; readonly ttlMs: number }>;

export interface Names {
  /** Known addresses of `host`; undefined while there are none. Starts asking when it should. */
  addresses(host: string): readonly string[] | undefined;
  /** Settles when the question under way for `host` has ended; never rejects. */
  settled(host: string): Promise<void>;
}

const SYSTEM_TTL_MS = 30_000;
/** Wait before a name that gave no answer is asked for again: doubled each time in a row. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10_000;
/** Names without an answer that are asked for at once: the system's look-up blocks one of the few threads all of us share. */
const FAILING_AT_ONCE = 2;
const ANSWER_MS = 10_000;
const NAMES_MAX = 10_000;

/** The system's resolver (hosts file included); its answers hold 30 s. Uses libuv's pool, hence only in the background. */
export const systemResolve: ResolveHost = async (host) => ({
  addresses: (await lookup(host, { all: true })).map((entry) => entry.address),
  ttlMs: SYSTEM_TTL_MS,
});

interface Known {
  addresses: readonly string[] | undefined;
  askAt: number;
  asking: Promise<void> | undefined;
  /** True until the system is done with the question, which may be long after nobody waits for it any more. */
  isOut: boolean;
  /** In a row. */
  failures: number;
}

/** Makes the cache; one per thread. */
export function createNames(options: { resolve: ResolveHost; clock: Clock; log: Log }): Names {
  const { clock, log } = options;
  const known = new Map<string, Known>();

  let failingOut = 0;

  function ask(host: string, entry: Known): void {
    const isFailing = entry.failures > 0;
    if (isFailing) failingOut++;
    entry.isOut = true;
    const answer = options
      .resolve(host)
      .then(({ addresses, ttlMs }) => {
        const valid = addresses.filter((address) => isIP(address) !== 0);
        if (valid.length > 0) entry.addresses = Object.freeze(valid);
        entry.failures = 0;
        entry.askAt = clock.monotonic() + Math.max(ttlMs, RETRY_MS);
      })
      .finally(() => {
        entry.isOut = false;
        if (isFailing) failingOut--;
      });
    entry.asking = within(clock, ANSWER_MS, answer)
      .catch((error: unknown) => failed(host, entry, error))
      .finally(() => void (entry.asking = undefined));
  }

  function failed(host: string, entry: Known, error: unknown): void {
    entry.askAt = clock.monotonic() + Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(entry.failures, 10));
    if (entry.failures++ === 0) log.warn('upstream name could not be resolved', { host, error: String(error) });
  }

  function mayAsk(entry: Known): boolean {
    return !entry.isOut && !entry.asking && clock.monotonic() >= entry.askAt && (entry.failures === 0 || failingOut < FAILING_AT_ONCE);
  }

  function find(host: string): Known {
    let entry = known.get(host);
    if (!entry) {
      if (known.size >= NAMES_MAX) known.delete(known.keys().next().value!);
      known.set(host, (entry = { addresses: undefined, askAt: Number.NEGATIVE_INFINITY, asking: undefined, isOut: false, failures: 0 }));
    }
    return entry;
  }

  return {
    addresses(host) {
      if (isIP(host) !== 0) return [host];
      const entry = find(host);
      if (mayAsk(entry)) ask(host, entry);
      return entry.addresses;
    },
    settled: (host) => find(host).asking ?? Promise.resolve(),
  };
}

async function within<V>(clock: Clock, ms: number, answer: Promise<V>): Promise<V> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(new Error(`no answer within ${ms} ms`)), { unref: true });
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}
