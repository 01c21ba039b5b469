/**
 * Gives each change of entries the next revision number and keeps its hashes in the store. When the store does
 * not answer, the change serves nevertheless: the numbers are for comparing, the resources are what must last.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Store } from '../../store/types.ts';
import type { EntryChanges, Ledger } from './ledger.ts';

export interface Recorder {
  /**
   * Commits changes to the ledger as a new revision; false when nothing changed. `stored` is the hash the last
   * revision had before this process: the same contents keep that number.
   */
  record(changes: EntryChanges, stored?: string): Promise<boolean>;
}

const REVISIONS_KEPT = 1_000;

/** Makes a recorder over `ledger`. */
export function createRecorder({
  store,
  clock,
  log,
  ledger,
}: {
  store: Pick<Store, 'revisions'>;
  clock: Clock;
  log: Log;
  ledger: Ledger;
}): Recorder {
  return {
    async record(changes, stored) {
      const previewed = ledger.preview(changes);
      const { put, remove } = previewed.changes;
      if (put.length + remove.length === 0) return false;
      if (stored === previewed.hashes.all) {
        ledger.commit(previewed, ledger.number);
        return true;
      }
      const row = {
        hash: previewed.hashes.all,
        at: clock.now(),
        changes: { put: Object.fromEntries(put.map(({ key, hash }) => [key, hash])), remove },
      };
      ledger.commit(previewed, await numberFor(row));
      return true;
    },
  };

  /** The next number nobody else took. */
  async function numberFor(row: Omit<Parameters<Store['revisions']['add']>[0], 'number'>): Promise<number> {
    let number = ledger.number + 1;
    try {
      await store.revisions.add({ ...row, number }, REVISIONS_KEPT);
    } catch (error) {
      log.warn('a revision could not be recorded under its number', { number, error: String(error) });
      number = Math.max(number, ((await store.revisions.last().catch(() => null))?.number ?? 0) + 1);
      await store.revisions
        .add({ ...row, number }, REVISIONS_KEPT)
        .catch((again: unknown) => log.error('a revision serves unrecorded', { number, error: String(again) }));
    }
    return number;
  }
}
