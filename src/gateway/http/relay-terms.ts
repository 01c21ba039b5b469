/** Under which terms an exchange is sent upstream: its route's deadlines, and what request and client allow. */
import type { Forward } from '../contract.ts';
import type { ConnectionPool } from '../upstream/pool.ts';
import type { RequestTerms } from '../upstream/terms.ts';
import type { EngineExchange } from './exchange.ts';
import type { RelayClient } from './relay-client.ts';

/** The terms of an exchange. `before`: those of the last one by the same `forward`, which mostly are the same. */
export function termsFor(exchange: EngineExchange, forward: Forward, client: RelayClient, before: RequestTerms | undefined): RequestTerms {
  const pool = forward.pool as ConnectionPool;
  const { head, isHead } = exchange;
  const key = pool.keyed ? pool.keyOf(exchange) : 0;
  const wanted = client.isBodiless && exchange.method === 'GET' ? head.upgrade() : '';
  const upgrade = wanted !== '' && forward.upgrades.includes(wanted) ? wanted : '';
  const dechunk = head.minor === 0;
  const trailers = (client.takesTrailers || head.wantsTrailers) && upgrade === '' && !dechunk;
  const sendsOn = client.sendsOn && !head.expectsContinue; // Who was not told to go on may send nothing.
  const pipelines = pool.pipelining > 1 && upgrade === '' && !dechunk && client.isBodiless && exchange.isSafe;
  if (
    before !== undefined &&
    before.isHead === isHead &&
    before.dechunk === dechunk &&
    before.trailers === trailers &&
    before.upgrade === upgrade &&
    before.key === key &&
    before.sendsOn === sendsOn &&
    before.pipelines === pipelines &&
    before.avoid === undefined
  )
    return before;
  const { connectMs, firstByteMs, idleMs, tunnelIdleMs } = forward;
  const avoid = undefined;
  return { connectMs, firstByteMs, idleMs, isHead, dechunk, trailers, sendsOn, pipelines, upgrade, tunnelIdleMs, key, avoid };
}
