/**
 * An incident for each upstream without a healthy target: opened when every thread of every gateway says so, closed when one
 * says otherwise, or the upstream or its gateways are gone. Looked at a moment after news, so that a change that is
 * under way on several threads is one.
 */
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { tell, verbatim } from '../base/text.ts';
import type { UpstreamHealth } from '../sdk/target-health.ts';
import type { IncidentTable } from '../store/types.ts';
import { hasNoHealthyTarget } from './target-health.ts';

export const NO_HEALTHY_TARGET = 'upstream-no-healthy-target';

export interface UpstreamIncidents {
  /** Something is new of these upstreams (`project/name`). */
  touched(keys: Iterable<string>): void;
  close(): void;
}

export interface UpstreamIncidentNeeds {
  readonly incidents: Pick<IncidentTable, 'open' | 'close' | 'list'>;
  /** What each thread says of an upstream now. */
  threadsOf(key: string): readonly UpstreamHealth[];
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
}

const LOOK_MS = 1000;
const OPEN_MAX = 1000;
const DETAIL = {
  en: 'Upstream {key} has no healthy target: {states}. Look at its targets (weir describe Upstream/{name}) and mend them or their health check.',
  zh: '上游 {key} 没有健康的目标：{states}。请查看其目标（weir describe Upstream/{name}），修复目标或健康检查。',
};

/** Begins to look; incidents that an earlier control left open are closed when their reason is gone. */
export function watchUpstreamIncidents({ incidents, threadsOf, clock, newId, log }: UpstreamIncidentNeeds): UpstreamIncidents {
  const news = new Set<string>();
  const open = new Set<string>();
  let isLoaded = false;
  let isLooking = false;

  async function load(): Promise<void> {
    const left = await incidents.list({ open: true, kind: NO_HEALTHY_TARGET, limit: OPEN_MAX });
    for (const { subject } of left) {
      open.add(subject);
      news.add(subject);
    }
    isLoaded = true;
  }

  async function lookAt(key: string): Promise<void> {
    const threads = threadsOf(key);
    const isBad = hasNoHealthyTarget(threads);
    if (isBad && !open.has(key)) {
      const states = [...new Set(threads.flatMap(({ targets }) => targets.map(({ state, stateReason }) => `${state} (${stateReason})`)))];
      const shown = verbatim(states.slice(0, 5).join(', ') || threads.find((one) => one.discoveryFailure)?.discoveryFailure || '0');
      const detail = tell(DETAIL, { key: verbatim(key), states: shown, name: verbatim(key.slice(key.indexOf('/') + 1)) });
      await incidents.open({ id: newId(), kind: NO_HEALTHY_TARGET, subject: key, detail, data: {}, openedAt: clock.now() });
      open.add(key);
    } else if (!isBad && open.has(key)) {
      await incidents.close(NO_HEALTHY_TARGET, key, clock.now());
      open.delete(key);
    }
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      if (!isLoaded) await load();
      for (const key of news) {
        news.delete(key);
        await lookAt(key);
      }
    } catch (error) {
      log.warn('incidents of upstreams could not be written', { error: String(error) });
    } finally {
      isLooking = false;
    }
  }

  const cancel = clock.every(LOOK_MS, () => void look(), { unref: true });
  return {
    touched(keys) {
      for (const key of keys) news.add(key);
    },
    close: cancel,
  };
}
