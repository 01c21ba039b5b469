/**
 * What the process found out about upstreams, on its way into a thread's pools: in slices of bounded time, with requests served
 * in between, and of each upstream only the newest. A thread that begins is told of all of them at once.
 */
import type { Clock } from '../base/clock.ts';
import type { UpstreamFacts } from '../sdk/upstream.ts';
import type { Engine } from './contract.ts';
import { SLICE_MS } from './revision-turns.ts';

/** Answers what takes facts in; those of a turn that is short are learned before it returns. */
export function createFactTurns(engine: Pick<Engine, 'learn'>, clock: Clock): (facts: readonly UpstreamFacts[]) => void {
  const waiting = new Map<string, UpstreamFacts>();
  let isScheduled = false;

  function slice(): void {
    const until = clock.monotonic() + SLICE_MS;
    for (const [key, facts] of waiting) {
      waiting.delete(key);
      engine.learn([facts]);
      if (clock.monotonic() >= until) break;
    }
    if (waiting.size === 0) return;
    isScheduled = true;
    clock.after(0, () => {
      isScheduled = false;
      slice();
    });
  }

  return (facts) => {
    for (const one of facts) waiting.set(one.key, one);
    if (!isScheduled) slice();
  };
}
