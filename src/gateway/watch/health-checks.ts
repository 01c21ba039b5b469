/**
 * The health checks of one upstream: each target is asked again and again, and is unhealthy after so many bad answers in a
 * row, healthy after so many good ones. A target nobody has asked yet counts as healthy.
 */
import type { Cancel, Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { CompiledHealthCheck, CompiledTarget } from '../../sdk/upstream.ts';
import type { UpstreamTls } from '../upstream/socket.ts';
import { targetId } from '../upstream/target.ts';
import type { Probe } from './probe.ts';

export interface HealthChecks {
  /** The targets to ask from now on; what is known of those that stay is kept. */
  use(targets: readonly CompiledTarget[]): void;
  /** Targets that are unhealthy now. */
  unhealthy(): { address: string; reason: string }[];
  close(): void;
}

export interface HealthCheckTools {
  readonly probe: Probe;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when what `unhealthy` answers has changed. */
  onChange(): void;
}

interface Checked {
  readonly target: CompiledTarget;
  cancel: Cancel;
  inRow: number;
  /** Empty while it is healthy. */
  reason: string;
  /** Ends the check under way. */
  readonly end: AbortController;
}

/** The first check comes within this time, by chance, so that a thousand targets are not asked at once. */
const FIRST_MS = 1000;

/** Begins to ask nobody; see `use`. */
export function createHealthChecks(check: CompiledHealthCheck, tls: UpstreamTls | undefined, tools: HealthCheckTools): HealthChecks {
  const { clock, random, probe } = tools;
  const all = new Map<string, Checked>();

  function wait(one: Checked, ms: number): void {
    if (!one.end.signal.aborted) one.cancel = clock.after(ms, () => void ask(one), { unref: true });
  }

  async function ask(one: Checked): Promise<void> {
    const said = await probe(one.target, check, tls, one.end.signal);
    if (one.end.signal.aborted) return;
    take(one, said);
    wait(one, check.everyMs * (0.9 + 0.2 * random.float()));
  }

  function take(one: Checked, said: string): void {
    const isGood = said === '';
    if (isGood === (one.reason === '')) {
      one.inRow = 0;
      if (isGood || said === one.reason) return;
      one.reason = said; // Still unhealthy, now for another reason.
      return tools.onChange();
    }
    if (++one.inRow < (isGood ? check.healthyAfter : check.unhealthyAfter)) return;
    one.inRow = 0;
    one.reason = said;
    tools.onChange();
  }

  function stop(one: Checked): void {
    one.cancel();
    one.end.abort(new Error('the target is checked no more'));
  }

  return {
    use(targets) {
      const wanted = new Map(targets.map((target) => [targetId(target), target]));
      for (const [id, one] of all) {
        if (wanted.get(id)?.name === one.target.name && wanted.delete(id)) continue;
        stop(one);
        all.delete(id);
      }
      for (const [id, target] of wanted) {
        const one: Checked = { target, cancel: () => {}, inRow: 0, reason: '', end: new AbortController() };
        all.set(id, one);
        wait(one, Math.min(check.everyMs, FIRST_MS) * random.float());
      }
    },
    unhealthy: () => [...all].flatMap(([address, { reason }]) => (reason === '' ? [] : [{ address, reason }])),
    close() {
      for (const one of all.values()) stop(one);
      all.clear();
    },
  };
}
