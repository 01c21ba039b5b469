/** What every connection of a thread shares. */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Problem } from '../../base/problem.ts';
import { CALL_PROTOCOLS } from '../../sdk/call-record.ts';
import type { Core, EngineLimits, Outcome } from '../contract.ts';
import type { Entrance } from './entrance.ts';
import type { EngineExchange } from './exchange.ts';
import type { HeadPool } from './head.ts';
import type { RequestIds } from './ids.ts';
import type { Outbox } from './outbox.ts';
import problems from './problems.ts';
import type { Wheel } from './wheel.ts';
import type { Writer } from './writer.ts';

export interface EngineTools {
  readonly core: Core;
  readonly limits: EngineLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: RequestIds;
  readonly wheel: Wheel;
  readonly writer: Writer;
  readonly outbox: Outbox;
  readonly responseHeads: HeadPool;
  /** How the call that ends just now ended: one object, set anew for each. */
  readonly outcome: EndedAs;
  /** The `date` field's value now. Source: RFC 9110 §5.6.7. */
  date(): string;
  /** Logs what was thrown while an exchange was decided; answers the problem its caller gets. */
  failure(exchange: EngineExchange, error: unknown): Problem;
}

/** An outcome that is set before it is told. */
export type EndedAs = { -readonly [F in keyof Outcome]: Outcome[F] };

/** Makes an `outcome`. Fractions: the engine keeps such fields as numbers in place. */
export function noOutcome(): EndedAs {
  const none = 0.5;
  return {
    status: 0,
    reason: '',
    durationMs: none,
    headMs: none,
    trip: undefined,
    upstreamMs: none,
    requestBytes: 0,
    responseBytes: 0,
    protocol: 0,
  };
}

/** Makes `date`: one text a second. */
export function createDate(clock: Pick<Clock, 'now'>): () => string {
  let second = 0;
  let text = '';
  return () => {
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}

/** Makes `failure`. */
export function createFailure(log: Log): EngineTools['failure'] {
  return (exchange, error) => {
    log.error('an exchange failed in the gateway', {
      requestId: exchange.id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return problems.raise.failed({ cause: error });
  };
}

/** Tells the core how an exchange ended; what it throws is logged. */
export function tellDone({ core, failure }: Pick<EngineTools, 'core' | 'failure'>, exchange: EngineExchange, outcome: Outcome): void {
  try {
    core.onDone(exchange, outcome);
  } catch (error) {
    failure(exchange, error);
  }
}

const HTTP_1_0 = CALL_PROTOCOLS.indexOf('http/1.0');
const HTTP_1_1 = CALL_PROTOCOLS.indexOf('http/1.1');
const HTTP_2 = CALL_PROTOCOLS.indexOf('h2');
const WEBSOCKET = CALL_PROTOCOLS.indexOf('websocket');
const UPGRADE = CALL_PROTOCOLS.indexOf('upgrade');

/** How the client of a call spoke, as a place in `CALL_PROTOCOLS`; to be asked while the exchange still has its head. */
export function spokenBy({ protocol }: Pick<Entrance, 'protocol'>, { status, head }: Pick<EngineExchange, 'status' | 'head'>): number {
  if (status === 101) return head.upgrade() === 'websocket' ? WEBSOCKET : UPGRADE;
  return protocol === 'h2' ? HTTP_2 : head.minor === 0 ? HTTP_1_0 : HTTP_1_1;
}
