/** When a look at the folder may delete: pure rules. */
import { parseDocuments } from '../documents/parse.ts';
import { keyText } from '../resources/seal.ts';
import type { ApplyResult } from '../resources/types.ts';

/** What a look would delete, when that is so much that a person must agree. */
export interface TooMuch {
  readonly deletions: readonly string[];
  /** Resources the folder owns now. */
  readonly owned: number;
}

const SHARE_MAX = 0.2;
const COUNT_MIN = 5;

/** Deleting all the folder owns, or more than 20 % and at least five, waits for a person. */
export function deletesTooMuch({ results }: ApplyResult): TooMuch | undefined {
  const deletions = results.filter((result) => result.outcome === 'deleted').map((result) => keyText(result.key!));
  const owned = results.filter((result) => result.outcome !== 'created' && result.version !== undefined).length;
  const all = deletions.length > 0 && deletions.length === owned;
  const many = deletions.length >= COUNT_MIN && deletions.length > owned * SHARE_MAX;
  return all || many ? { deletions, owned } : undefined;
}

/** True when every file can be read as YAML to its end: otherwise documents may be missing that are only cut off. */
export function isSound(files: readonly { readonly name: string; readonly text: string }[]): boolean {
  return files.every(({ name, text }) => parseDocuments(text, name).every((document) => document.problems.length === 0));
}
