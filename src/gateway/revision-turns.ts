/**
 * Deltas of a thread, one after the other, in slices of bounded time: between two slices requests are served, by the
 * revision before. A delta from 0 replaces whatever is under way or waits. In: orders as they come. Out: what came of each.
 */
import type { Clock } from '../base/clock.ts';
import type { RevisionDelta } from '../sdk/revision.ts';
import type { DeltaOrder } from './revision-change.ts';
import type { Applied, RevisionState } from './revision-state.ts';
import type { Steps } from './steps.ts';

export interface RevisionTurns {
  /** Takes a delta; a small one stands before this returns, when nothing else is under way. */
  take(order: DeltaOrder): void;
  /** Does what needs the deltas that came before it: now when there are none, else behind them. */
  behind(action: () => void): void;
}

export interface RevisionTurnsOptions {
  readonly state: Pick<RevisionState, 'begin'>;
  readonly clock: Clock;
  /** Longest slice, but for the one step that is under way when the time is over. */
  readonly sliceMs?: number;
  /** A delta is through. */
  onApplied(applied: Applied, delta: RevisionDelta): void;
  /** A delta came that cannot be waited for: everything has to be sent anew. */
  onOverflow(): void;
}

/** What a request may have to wait for a change. */
export const SLICE_MS = 4;
/** Deltas that wait behind a big one. */
const WAITING_MAX = 1000;

/** Makes the turns of one thread. */
export function createRevisionTurns({ state, clock, sliceMs = SLICE_MS, onApplied, onOverflow }: RevisionTurnsOptions): RevisionTurns {
  let waiting: DeltaOrder[] = [];
  let running: { readonly steps: Steps<Applied>; readonly delta: RevisionDelta } | undefined;
  let isScheduled = false;
  let actions: (() => void)[] = [];

  function giveUp(): void {
    running?.steps.return(undefined as never);
    running = undefined;
    waiting = [];
  }

  function slice(): void {
    const until = clock.monotonic() + sliceMs;
    while (running || waiting.length > 0) {
      running ??= begin(waiting.shift()!);
      const { steps, delta } = running;
      const step = steps.next();
      if (step.done) {
        running = undefined;
        onApplied(step.value, delta);
      }
      if (clock.monotonic() >= until) break;
    }
    if (running || waiting.length > 0) schedule();
    else act();
  }

  function act(): void {
    const due = actions;
    actions = [];
    for (const action of due) action();
  }

  function begin(order: DeltaOrder) {
    return { steps: state.begin(order), delta: order.delta };
  }

  function schedule(): void {
    isScheduled = true;
    clock.after(0, () => {
      isScheduled = false;
      slice();
    });
  }

  return {
    take(order) {
      if (order.delta.from === 0) giveUp();
      if (waiting.length >= WAITING_MAX) {
        giveUp();
        return onOverflow();
      }
      waiting.push(order);
      if (!isScheduled) slice();
    },
    behind(action) {
      actions.push(action);
      if ((!running && waiting.length === 0) || actions.length > WAITING_MAX) act();
    },
  };
}
