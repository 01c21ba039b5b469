/**
 * An incident for each gateway thread that does not hold what control sent: opened as soon as the thread's hash tells,
 * closed when it is right again or gone. Threads heal by themselves, mostly within milliseconds; that it happened stays in
 * the list of incidents. In: where threads stand, as gateways tell it. Out: incidents, and lines in the log.
 */
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { tell, verbatim } from '../base/text.ts';
import type { ThreadState } from '../sdk/channel.ts';
import type { IncidentTable } from '../store/types.ts';

export const DIVERGED = 'gateway-diverged';

export interface DivergenceIncidents {
  /** Where the threads of a gateway stand, and what they were sent last. */
  seen(instance: string, threads: readonly ThreadState[], sent: { readonly number: number; readonly hash: string | undefined }): void;
  /** The gateway is not there any more. */
  gone(instance: string): void;
}

export interface DivergenceNeeds {
  readonly incidents: Pick<IncidentTable, 'open' | 'close' | 'list'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
}

/** Words that wait to be written; more are dropped, with a line in the log. */
const WAITING_MAX = 1000;
const OPEN_MAX = 1000;
const DETAIL = {
  en: 'Thread {thread} of gateway {instance} held another revision {revision} than control: it is given everything anew. If this stays open, restart the gateway.',
  zh: '网关 {instance} 的线程 {thread} 所持修订 {revision} 与控制端不一致，已重新下发全部内容。若持续未关闭，请重启网关。',
};

/** Begins to watch; incidents that an earlier control left open are closed once their threads are right. */
export function watchDivergence({ incidents, clock, newId, log }: DivergenceNeeds): DivergenceIncidents {
  const open = new Set<string>();
  let waiting = 0;
  let turn: Promise<unknown> = loadOpen();

  async function loadOpen(): Promise<void> {
    const left = await incidents.list({ open: true, kind: DIVERGED, limit: OPEN_MAX }).catch(() => []);
    const at = clock.now();
    for (const { subject } of left) await incidents.close(DIVERGED, subject, at).catch(() => {}); // Opened anew if it is still so.
  }

  function write(action: () => Promise<unknown>): void {
    if (waiting >= WAITING_MAX) return log.warn('an incident of a gateway thread was not written: too many wait', {});
    waiting++;
    turn = turn
      .then(action)
      .catch((error: unknown) => log.warn('an incident of a gateway thread could not be written', { error: String(error) }))
      .finally(() => waiting--);
  }

  function set(subject: string, isBad: boolean, { thread, revision }: Pick<ThreadState, 'thread' | 'revision'>, instance: string): void {
    if (isBad === open.has(subject)) return;
    if (isBad) {
      open.add(subject);
      log.error('a gateway thread holds another revision than control', { instance, thread, revision });
      const detail = tell(DETAIL, { thread, instance: verbatim(instance), revision });
      const openedAt = clock.now();
      write(() => incidents.open({ id: newId(), kind: DIVERGED, subject, detail, data: {}, openedAt }));
    } else {
      open.delete(subject);
      log.info('a gateway thread holds the revision of control again', { instance, thread, revision });
      const at = clock.now();
      write(() => incidents.close(DIVERGED, subject, at));
    }
  }

  return {
    seen(instance, threads, { number, hash }) {
      for (const state of threads) {
        // Of an older revision nothing can be said: it is under way to this one.
        if (state.revision === number && hash !== undefined) set(subjectOf(instance, state.thread), state.hash !== hash, state, instance);
      }
    },
    gone(instance) {
      for (const subject of open) {
        if (!subject.startsWith(`${instance}/`)) continue;
        set(subject, false, { thread: Number(subject.slice(instance.length + 1)), revision: 0 }, instance);
      }
    },
  };
}

function subjectOf(instance: string, thread: number): string {
  return `${instance}/${thread}`;
}
