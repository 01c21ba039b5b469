/**
 * Everything control refuses because of who asks, as lines of the audit trail. The admin boundary hands every
 * such answer here; no handler writes one. The first of a kind is written at once; what is the same within
 * the next minute is counted and written as one more line when the minute is over, so a flood costs two lines.
 *
 *   refusal ─▶ same actor, address, code (and operation, of somebody known) within the minute? ─▶ counted : written
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { networkOf } from '../../sdk/address.ts';
import { within } from '../within.ts';
import type { Audit, AuditActor } from './audit.ts';

/** One refusal. `actor.kind` is `nobody` for a caller whose credential proved nothing; its name is then only a claim. */
export interface Denial {
  readonly actor: AuditActor;
  /** `login` for a refused login, else `denied`. */
  readonly action: 'login' | 'denied';
  /** Operation or address asked for, or the user who wanted to log in. */
  readonly subject: string;
  /** Code of the problem, with what more is known. Never what was sent as a secret. */
  readonly detail: string;
}

export interface Denials {
  /** Resolves when the line is written or counted; never rejects: a refusal stands whether it is written or not. */
  note(denial: Denial): Promise<void>;
  /** Writes what was counted so far. */
  close(): Promise<void>;
}

/** How long refusals that are the same are counted together. */
export const WINDOW_MS = 60_000;
/** Kinds of refusals told apart within a minute: of callers nobody knows, and of known ones. More share one line. */
export const STRANGERS_MAX = 30;
const KNOWN_MAX = 500;
/** The same of one known caller: who asks for everything neither fills the trail nor hides the others. */
export const KNOWN_EACH_MAX = 50;
/** A store that does not answer must not hold up the refusal. */
const WRITE_MS = 2_000;

interface Window {
  readonly denial: Denial;
  more: number;
  readonly cancel: () => void;
}

/** Makes the recorder. */
export function createDenials({ audit, clock, log }: { audit: Audit; clock: Clock; log: Log }): Denials {
  const windows = { strangers: new Map<string, Window>(), known: new Map<string, Window>() };
  const write = async ({ actor, action, subject, detail }: Denial): Promise<void> => {
    const written = audit({ actor, action, subject, refused: true, detail }).catch((error: unknown) =>
      log.error('a refusal could not be written to the audit trail', { code: detail, error }),
    );
    await within(clock, WRITE_MS, written, undefined);
  };
  const over = async (open: Map<string, Window>, key: string): Promise<void> => {
    const window = open.get(key);
    if (!window) return;
    open.delete(key);
    window.cancel();
    if (window.more > 0) await write({ ...window.denial, detail: `${window.denial.detail}; ${window.more} more within a minute` });
  };
  return {
    async note(given) {
      const stranger = (given.actor.kind ?? 'user') === 'nobody';
      const [open, most] = stranger ? [windows.strangers, STRANGERS_MAX] : [windows.known, KNOWN_MAX];
      const denial = open.has(keyOf(given, stranger)) ? given : roomFor(given, stranger, open, most);
      const key = keyOf(denial, stranger);
      const same = open.get(key);
      if (same) return void same.more++;
      open.set(key, { denial, more: 0, cancel: clock.after(WINDOW_MS, () => void over(open, key), { unref: true }) });
      await write(denial);
    },
    async close() {
      for (const open of Object.values(windows)) for (const key of open.keys()) await over(open, key);
    },
  };
}

/** The refusal as told: by itself, with all further ones of its caller, or with those of everybody. */
function roomFor(given: Denial, stranger: boolean, open: ReadonlyMap<string, Window>, most: number): Denial {
  const { name, kind } = given.actor;
  const own = stranger ? 0 : [...open.values()].filter(({ denial: { actor } }) => actor.name === name && actor.kind === kind).length;
  const many = (who: string): Denial => ({ ...given, actor: { name: who, kind, address: '' }, subject: 'many', detail: 'many' });
  if (own >= KNOWN_EACH_MAX) return many(name);
  return open.size < most ? given : many('');
}

/** A stranger can ask for any operation: only address, name and code tell their refusals apart. */
function keyOf({ actor, action, subject, detail }: Denial, stranger: boolean): string {
  return JSON.stringify([actor.name, actor.kind, networkOf(actor.address ?? ''), action, detail, stranger ? '' : subject]);
}
