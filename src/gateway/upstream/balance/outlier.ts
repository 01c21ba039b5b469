/**
 * Ejection of targets that answer badly: so many of one kind of failure in a row, and the target gets no requests
 * for a while; longer each time, up to a bound, and shorter again after it behaved.
 */

/** When to eject; 0 switches a rule off. */
export interface OutlierRules {
  /** Answers of 500 to 599 in a row. */
  readonly errors: number;
  /** Answers of 502, 503 and 504 in a row. */
  readonly gatewayErrors: number;
  /** Calls in a row without a complete answer: no connection, none in time, a cut or malformed one. */
  readonly localErrors: number;
  readonly ejectMs: number;
  readonly ejectMaxMs: number;
  /** Share of the targets, 0 to 100, that may be out at once; one may always be when there are several. */
  readonly ejectedPercentMax: number;
}

/** The record of one target. Counts survive changes of the rules. */
export class Outlier {
  /** Monotonic milliseconds; in the past when it is not ejected. */
  ejectedUntil = Number.NEGATIVE_INFINITY;
  /** Which rule it broke last: `errors`, `gateway-errors` or `local-errors`; empty for none. */
  reason = '';
  private errors = 0;
  private gatewayErrors = 0;
  private localErrors = 0;
  private ejections = 0;

  /** An answer came. True when it should be ejected. */
  answered(status: number, rules: OutlierRules): boolean {
    this.localErrors = 0;
    if (status < 500) {
      this.errors = this.gatewayErrors = 0;
      return false;
    }
    this.gatewayErrors = status >= 502 && status <= 504 ? this.gatewayErrors + 1 : 0;
    this.errors++;
    if (rules.gatewayErrors > 0 && this.gatewayErrors >= rules.gatewayErrors) return this.broke('gateway-errors');
    return rules.errors > 0 && this.errors >= rules.errors && this.broke('errors');
  }

  /** There was no complete answer. True when it should be ejected. */
  failed(rules: OutlierRules): boolean {
    this.localErrors++;
    return rules.localErrors > 0 && this.localErrors >= rules.localErrors && this.broke('local-errors');
  }

  isEjected(now: number): boolean {
    return this.ejectedUntil > now;
  }

  /** Takes it out. Each `ejectMs` of good behaviour since the last time takes one from the count. */
  eject(now: number, rules: OutlierRules): void {
    const behaved = Math.floor((now - this.ejectedUntil) / rules.ejectMs);
    this.ejections = Math.max(0, this.ejections - Math.max(0, behaved)) + 1;
    this.ejectedUntil = now + Math.min(rules.ejectMs * this.ejections, rules.ejectMaxMs);
    this.errors = this.gatewayErrors = this.localErrors = 0;
  }

  private broke(reason: string): true {
    this.reason = reason;
    return true;
  }
}

/** Says whether one more of `targets` may be ejected when `ejected` are. */
export function mayEject(ejected: number, targets: number, rules: Pick<OutlierRules, 'ejectedPercentMax'>): boolean {
  if (targets < 2 || rules.ejectedPercentMax === 0) return false;
  return ejected === 0 || (ejected + 1) * 100 <= rules.ejectedPercentMax * targets;
}
