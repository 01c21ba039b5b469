/** Unified diff of two short texts, line by line. Source: E. W. Myers, "An O(ND) Difference Algorithm", 1986. */

const EDITS_MAX = 500;
const CONTEXT = 3;

interface Line {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Empty when the texts are equal. Texts that differ in more than 500 lines are shown as replaced whole. */
export function unifiedDiff(before: string, after: string, from = 'before', to = 'after'): string {
  if (before === after) return '';
  const lines = compareLines(splitLines(before), splitLines(after));
  return `--- ${from}\n+++ ${to}\n${hunks(lines).join('')}`;
}

function splitLines(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

/** The shortest script of kept, removed and added lines. */
function compareLines(a: readonly string[], b: readonly string[]): Line[] {
  if (a.length === 0 || b.length === 0) return replaced(a, b);
  const trace: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= Math.min(a.length + b.length, EDITS_MAX); edits++) {
    trace.push(new Map(reach));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
      let x = down ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b);
    }
    reach = new Map(reach);
  }
  return replaced(a, b);
}

function replaced(a: readonly string[], b: readonly string[]): Line[] {
  return [...a.map((text): Line => ({ sign: '-', text })), ...b.map((text): Line => ({ sign: '+', text }))];
}

function walkBack(trace: readonly Map<number, number>[], a: readonly string[], b: readonly string[]): Line[] {
  const lines: Line[] = [];
  let x = a.length;
  let y = b.length;
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits]!;
    const k = x - y;
    const down = k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1));
    const previousK = down ? k + 1 : k - 1;
    const previousX = reach.get(previousK) ?? 0;
    const previousY = previousX - previousK;
    while (x > previousX && y > previousY && x > 0 && y > 0) {
      lines.push({ sign: ' ', text: a[--x]! });
      y--;
    }
    if (edits === 0) break;
    if (down) lines.push({ sign: '+', text: b[--y]! });
    else lines.push({ sign: '-', text: a[--x]! });
  }
  return lines.reverse();
}

function hunks(lines: readonly Line[]): string[] {
  const result: string[] = [];
  let index = 0;
  let lineA = 1;
  let lineB = 1;
  while (index < lines.length) {
    const change = lines.findIndex((line, at) => at >= index && line.sign !== ' ');
    if (change === -1) break;
    const start = Math.max(index, change - CONTEXT);
    lineA += start - index;
    lineB += start - index;
    let end = change;
    for (let quiet = 0, at = change; at < lines.length && quiet <= 2 * CONTEXT; at++) {
      quiet = lines[at]!.sign === ' ' ? quiet + 1 : 0;
      if (quiet === 0) end = at + 1;
    }
    const own = lines.slice(start, Math.min(lines.length, end + CONTEXT));
    const countA = own.filter((line) => line.sign !== '+').length;
    const countB = own.filter((line) => line.sign !== '-').length;
    // A side without lines names the line before it, as diff and patch do.
    result.push(
      `@@ -${lineA - (countA === 0 ? 1 : 0)},${countA} +${lineB - (countB === 0 ? 1 : 0)},${countB} @@\n` +
        own.map((line) => `${line.sign}${line.text}\n`).join(''),
    );
    lineA += countA;
    lineB += countB;
    index = start + own.length;
  }
  return result;
}
