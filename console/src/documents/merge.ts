/** Three versions of a text, line by line: what only one side changed is taken, where both did a person chooses. Pure. */

export type Side = 'yours' | 'theirs' | 'base';

/** A stretch of lines. `choice` is undefined where both sides changed the same lines in different ways. */
export type Chunk =
  | { readonly kind: 'same'; readonly lines: readonly string[] }
  | {
      readonly kind: 'changed';
      readonly base: readonly string[];
      readonly yours: readonly string[];
      readonly theirs: readonly string[];
      readonly choice: Side | undefined;
    };

/** Beyond this many cells of comparison, texts are compared as a whole. */
const CELLS_MAX = 9_000_000;

/** Compares both sides with what they began from. */
export function mergeTexts(base: string, yours: string, theirs: string): Chunk[] {
  const [b, y, t] = [base.split('\n'), yours.split('\n'), theirs.split('\n')];
  if (b.length * Math.max(y.length, t.length) > CELLS_MAX) return [changed(b, y, t)];
  const inYours = matches(b, y);
  const inTheirs = matches(b, t);
  const chunks: Chunk[] = [];
  let [at, atYours, atTheirs] = [0, 0, 0];
  for (let line = 0; line <= b.length; line++) {
    const toYours = line === b.length ? y.length : inYours[line]!;
    const toTheirs = line === b.length ? t.length : inTheirs[line]!;
    if (toYours < 0 || toTheirs < 0) continue;
    add(chunks, changed(b.slice(at, line), y.slice(atYours, toYours), t.slice(atTheirs, toTheirs)));
    if (line < b.length) add(chunks, { kind: 'same', lines: [b[line]!] });
    [at, atYours, atTheirs] = [line + 1, toYours + 1, toTheirs + 1];
  }
  return chunks;
}

/** The text of the chunks; `choices` by place in the list overrule. Undefined while a choice is missing. */
export function mergedText(chunks: readonly Chunk[], choices: ReadonlyMap<number, Side> = new Map()): string | undefined {
  const lines: string[] = [];
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.kind === 'same') lines.push(...chunk.lines);
    else {
      const side = choices.get(index) ?? chunk.choice;
      if (side === undefined) return undefined;
      lines.push(...chunk[side]);
    }
  }
  return lines.join('\n');
}

function changed(base: readonly string[], yours: readonly string[], theirs: readonly string[]): Chunk {
  if (equal(yours, theirs)) return { kind: 'same', lines: yours };
  const choice = equal(base, yours) ? 'theirs' : equal(base, theirs) ? 'yours' : undefined;
  return { kind: 'changed', base, yours, theirs, choice };
}

function add(chunks: Chunk[], chunk: Chunk): void {
  if (chunk.kind === 'changed') return void chunks.push(chunk);
  if (chunk.lines.length === 0) return;
  const last = chunks.at(-1);
  if (last?.kind === 'same') chunks[chunks.length - 1] = { kind: 'same', lines: [...last.lines, ...chunk.lines] };
  else chunks.push(chunk);
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i]);
}

/** For each line of `a` the line of `b` it is in a longest common subsequence, else -1. */
function matches(a: readonly string[], b: readonly string[]): Int32Array {
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const here = i * width + j;
      longest[here] = a[i] === b[j] ? longest[here + width + 1]! + 1 : Math.max(longest[here + width]!, longest[here + 1]!);
    }
  }
  const found = new Int32Array(a.length).fill(-1);
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) found[i++] = j++;
    else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i++;
    else j++;
  }
  return found;
}
