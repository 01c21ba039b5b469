/**
 * Incidents of the way in: a listener that is not open, a certificate that expires soon or has expired. Opened when
 * it starts, closed when it is over; looked at from time to time, since nobody tells of time passing.
 */
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { type Text, tell, verbatim } from '../base/text.ts';
import type { Incident, Store } from '../store/types.ts';
import type { Resources, ResourceView } from './resources/types.ts';

const EVERY_MS = 2000;
const RESOURCES_MAX = 1000;
const LISTENER_DOWN = 'listener-down';
const CERTIFICATE_ENDS = 'certificate-expiry';
const DOWN: Text = {
  en: 'Listener {name} is not (wholly) open: {reason}. It is tried again.',
  zh: '监听器 {name} 未（完全）打开：{reason}。将自动重试。',
};
const ENDS: Text = { en: 'Certificate {name} {reason}.', zh: '证书 {name} {reason}。' };

interface Wanted {
  readonly kind: string;
  readonly subject: string;
  readonly detail: Text;
}

export interface EntryWatch {
  /** Looks once. */
  look(): Promise<void>;
  stop(): void;
}

/** Watches until it is stopped. */
export function watchEntries(needs: {
  readonly resources: Pick<Resources, 'list'>;
  readonly incidents: Pick<Store['incidents'], 'open' | 'close' | 'list'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
}): EntryWatch {
  const { resources, incidents, clock, newId, log } = needs;
  /** What this process opened or found open: `kind subject` and its text. */
  let open: Map<string, string> | undefined;
  let looking = false;

  async function look(): Promise<void> {
    const listed = await Promise.all(['Listener', 'Certificate'].map((kind) => resources.list({ kind, limit: RESOURCES_MAX })));
    const wanted = new Map(listed.flatMap(({ items }) => items.flatMap(incidentOf)).map((one) => [`${one.kind} ${one.subject}`, one]));
    open ??= await openNow(incidents);
    for (const [key, { kind, subject, detail }] of wanted) {
      if (open.get(key) === detail.en) continue;
      await incidents.open({ id: newId(), kind, subject, detail, data: {}, openedAt: clock.now() });
      open.set(key, detail.en);
      log.warn('the way in has an incident', { kind, subject, detail: detail.en });
    }
    for (const key of [...open.keys()].filter((one) => !wanted.has(one))) {
      const [kind, subject] = key.split(' ') as [string, string];
      await incidents.close(kind, subject, clock.now());
      open.delete(key);
    }
  }

  const cancel = clock.every(
    EVERY_MS,
    () => {
      if (looking) return;
      looking = true;
      void look()
        .catch((error: unknown) => log.warn('incidents of listeners and certificates could not be written', { error: String(error) }))
        .finally(() => (looking = false));
    },
    { unref: true },
  );
  return { look, stop: cancel };
}

async function openNow(incidents: Pick<Store['incidents'], 'list'>): Promise<Map<string, string>> {
  const kinds = await Promise.all(
    [LISTENER_DOWN, CERTIFICATE_ENDS].map((kind) => incidents.list({ open: true, kind, limit: RESOURCES_MAX })),
  );
  return new Map(kinds.flat().map(({ kind, subject, detail }: Incident) => [`${kind} ${subject}`, detail.en]));
}

function incidentOf({ kind, name, enabled, status }: ResourceView): Wanted[] {
  if (!enabled) return [];
  const subject = verbatim(name);
  if (kind === 'Listener')
    return status.state === 'failed'
      ? [{ kind: LISTENER_DOWN, subject: name, detail: tell(DOWN, { name: subject, reason: status.reason }) }]
      : [];
  const reason = status.state === 'failed' ? status.reason : status.warnings[0];
  return reason === undefined ? [] : [{ kind: CERTIFICATE_ENDS, subject: name, detail: tell(ENDS, { name: subject, reason }) }];
}
