/**
 * One document that is being edited: its text is the truth, a form and an editor are two views of it. Changes of the
 * form are made in the text by the server, one request at a time and in order; until then they wait and are shown.
 */
import { applyChange, type Change, valueAt } from '../forms/change.ts';
import type { PointedProblem } from '../forms/problems.ts';

export interface DocumentView {
  readonly text: string;
  /** Value of the text with waiting changes made; undefined while the text cannot be read. */
  readonly value: unknown;
  readonly problems: readonly PointedProblem[];
  /** Changes that are not in the text yet. */
  readonly waiting: readonly Change[];
  /** True when `value` and `problems` are those of `text`, and nothing waits. */
  readonly settled: boolean;
  /** Why the text could not be read or changed; gone with the next success. */
  readonly failure: unknown;
}

/** What the server says of a text with changes made. */
export interface EditAnswer {
  readonly text: string;
  readonly value: unknown;
  readonly problems: readonly PointedProblem[];
}

export interface DocumentOptions {
  readonly text: string;
  /** Makes the changes; raises when it cannot be reached. */
  readonly edit: (text: string, changes: readonly Change[]) => Promise<EditAnswer>;
  /** True for a failure that the same request would meet again: the changes are given up, and it is said. */
  readonly isRefusal: (failure: unknown) => boolean;
  /** Runs `work` after a while and answers how to call it off. */
  readonly later: (work: () => void) => () => void;
}

export interface DocumentStore {
  view(): DocumentView;
  subscribe(listener: () => void): () => void;
  /** A change by the form. */
  change(change: Change): void;
  /** A new text: typed, merged, restored. */
  write(text: string): void;
  /** Brings text, value and problems together. True when that worked. */
  settle(): Promise<boolean>;
}

const CHANGES_MAX = 500;

/** Opens a document. */
export function openDocument(options: DocumentOptions): DocumentStore {
  const listeners = new Set<() => void>();
  let now: DocumentView = { text: options.text, value: undefined, problems: [], waiting: [], settled: false, failure: undefined };
  let cancel = () => {};
  let going: Promise<boolean> | undefined;
  const set = (next: Partial<DocumentView>) => {
    now = { ...now, ...next };
    for (const listener of listeners) listener();
  };
  const soon = () => {
    cancel();
    cancel = options.later(() => void settle());
  };
  async function round(): Promise<boolean> {
    const { text, waiting } = now;
    try {
      const answer = await options.edit(text, waiting.slice(0, CHANGES_MAX));
      // Written meanwhile: what waits is made in the new text, in the next round.
      if (now.text !== text) return true;
      const rest = now.waiting.slice(Math.min(waiting.length, CHANGES_MAX));
      const value = rest.reduce(applyChange, answer.value ?? undefined);
      set({ text: answer.text, value, problems: answer.problems, waiting: rest, settled: rest.length === 0, failure: undefined });
      return true;
    } catch (failure) {
      const refused = options.isRefusal(failure) && now.text === text && waiting.length > 0;
      if (refused) await giveUp(text, waiting.length, failure);
      else set({ failure });
      return false;
    }
  }
  /** The text as it is without the changes that were refused; why they were stays said until the next change. */
  async function giveUp(text: string, count: number, failure: unknown): Promise<void> {
    const read = await options.edit(text, []).catch(() => undefined);
    const rest = now.waiting.slice(count);
    const whole = read !== undefined && now.text === text;
    if (!whole) return set({ waiting: rest, value: undefined, failure });
    const value = rest.reduce(applyChange, read.value ?? undefined);
    set({ waiting: rest, value, problems: read.problems, settled: rest.length === 0, failure });
  }
  async function settleAll(): Promise<boolean> {
    while (!now.settled) if (!(await round())) return false;
    return true;
  }
  function settle(): Promise<boolean> {
    cancel();
    going ??= settleAll().finally(() => {
      going = undefined;
    });
    return going;
  }
  return {
    view: () => now,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change(change) {
      // What is not there cannot be removed, and the server would refuse all that comes with it.
      if ('remove' in change && valueAt(now.value, change.pointer) === undefined) return;
      set({ waiting: [...now.waiting, change], value: applyChange(now.value, change), settled: false });
      soon();
    },
    write(text) {
      if (text === now.text) return;
      set({ text, settled: false });
      soon();
    },
    settle,
  };
}
