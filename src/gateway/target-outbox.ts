/**
 * What the threads know of their targets, on its way to control: kept here as well, so that a control that comes
 * back can be told all of it. Only changes travel, and those a thread made twice since the last message travel once.
 */
import type { ControlChannel } from '../sdk/channel.ts';
import type { UpstreamHealth } from '../sdk/target-health.ts';

export interface TargetOutbox {
  /** Takes what a thread says. */
  told(thread: number, upstreams: readonly UpstreamHealth[]): void;
  /** The thread is gone, and what it knew with it. */
  ended(thread: number): void;
  /** Control knows nothing: everything is told again. */
  tellAll(): void;
  /** Sends what waits, until the line is full. */
  flush(channel: Pick<ControlChannel, 'send'>): void;
}

const UPSTREAMS_PER_MESSAGE = 200;

interface Known {
  readonly upstreams: Map<string, UpstreamHealth>;
  readonly waiting: Set<string>;
  fresh: boolean;
}

/** Makes an outbox; it holds as many upstreams per thread as the revision has. */
export function createTargetOutbox(): TargetOutbox {
  const threads = new Map<number, Known>();
  const of = (thread: number): Known => {
    let known = threads.get(thread);
    if (!known) threads.set(thread, (known = { upstreams: new Map(), waiting: new Set(), fresh: true }));
    return known;
  };
  return {
    told(thread, upstreams) {
      const known = of(thread);
      for (const upstream of upstreams) {
        known.waiting.add(upstream.key);
        if (upstream.targets.length > 0 || upstream.discoveryFailure !== '') known.upstreams.set(upstream.key, upstream);
        else known.upstreams.delete(upstream.key);
      }
    },
    ended(thread) {
      const known = of(thread);
      known.upstreams.clear();
      known.waiting.clear();
      known.fresh = true;
    },
    tellAll() {
      for (const known of threads.values()) {
        known.waiting.clear();
        for (const key of known.upstreams.keys()) known.waiting.add(key);
        known.fresh = true;
      }
    },
    flush(channel) {
      for (const [thread, known] of threads) {
        while (known.fresh || known.waiting.size > 0) {
          const keys = [...known.waiting].slice(0, UPSTREAMS_PER_MESSAGE);
          const upstreams = keys.map((key) => known.upstreams.get(key) ?? { key, targets: [], discoveryFailure: '' });
          if (!channel.send({ type: 'targets', thread, fresh: known.fresh, upstreams })) return;
          known.fresh = false;
          for (const key of keys) known.waiting.delete(key);
        }
      }
    },
  };
}
