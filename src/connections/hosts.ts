/** The guard of hosts: resolves a name within a bounded time and refuses what Weir must never connect to. */
import { lookup } from 'node:dns';
import type { Clock } from '../base/clock.ts';
import { type Text, verbatim } from '../base/text.ts';
import { NO_ADDRESS, noAnswerWithin } from '../sdk/connector-problems.ts';
import { addressRefusal, localAddresses } from '../sdk/address.ts';
import problems from './problems.ts';

export interface HostGuard {
  /** See `ConnectorTools.resolveHost`. */
  resolve(host: string, port: number, signal: AbortSignal): Promise<string[]>;
}

/** Finds all addresses of a name; replaced in tests. */
export type Lookup = (host: string, callback: (error: Error | null, addresses: readonly { readonly address: string }[]) => void) => void;

const systemLookup: Lookup = (host, callback) => lookup(host, { all: true, order: 'verbatim' }, callback);

/**
 * Makes the guard. `ownPorts` are asked at each call, since listeners change. One refused address refuses
 * the name: whoever mixes an inner address into a name's answers does not mean well.
 */
export function hostGuard(settings: {
  readonly clock: Clock;
  readonly ownPorts: () => Iterable<number>;
  readonly timeoutMs?: number;
  readonly lookup?: Lookup;
}): HostGuard {
  const { clock, timeoutMs = 5_000 } = settings;
  const find = settings.lookup ?? systemLookup;
  return {
    async resolve(host, port, signal) {
      signal.throwIfAborted();
      const addresses = await bounded(host, find, clock, timeoutMs, signal);
      if (addresses.length === 0) throw problems.raise['host-unknown']({ values: { host, reason: NO_ADDRESS } });
      const own = { ports: new Set(settings.ownPorts()), local: localAddresses() };
      for (const address of addresses) {
        const reason = addressRefusal(address, port, own);
        if (reason) throw problems.raise['connection-refused-address']({ values: { host, address, port, reason } });
      }
      return addresses;
    },
  };
}

function bounded(host: string, find: Lookup, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const unknown = (reason: Text, cause?: unknown) => problems.raise['host-unknown']({ values: { host, reason }, cause });
    const done = () => {
      cancel();
      signal.removeEventListener('abort', abort);
    };
    const abort = () => (done(), reject(signal.reason));
    const cancel = clock.after(timeoutMs, () => (done(), reject(unknown(noAnswerWithin(timeoutMs)))));
    signal.addEventListener('abort', abort, { once: true });
    find(host, (error, addresses) => {
      done();
      if (error) reject(unknown(verbatim((error as NodeJS.ErrnoException).code ?? error.message), error));
      else resolve([...new Set(addresses.map((found) => found.address))]);
    });
  });
}
