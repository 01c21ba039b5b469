/** "Did you mean": the nearest of the allowed words, by edit distance. */
import type { Text } from './text.ts';

/** The allowed word nearest to `word`, or undefined when none is near (more than a third differs). */
export function nearest(word: string, allowed: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of allowed) {
    const distance = editDistance(word.toLowerCase().slice(0, 64), candidate.toLowerCase().slice(0, 64));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Asks whether the nearest of the known words was meant, or lists the first twenty of what there is. */
export function didYouMean(word: string, known: readonly string[]): Text {
  const near = nearest(word, known);
  if (near) return { en: `did you mean "${near}"?`, zh: `是否指“${near}”？` };
  const all = `${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`;
  return { en: `there are: ${all}`, zh: `现有：${all}` };
}

/** Edits between two short texts, swapped neighbours counted as one. Source: optimal string alignment distance. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(change, row[j]! + 1, next[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j]!, before[j - 2]! + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
