/**
 * Cuts a text into its YAML documents, so that each keeps its own words and a broken one harms no other.
 * A line that begins with `---` or `...` in its first column always ends a document, even inside
 * quotes and blocks. Source: YAML 1.2.2 §9.1.
 */

/** The words of one document and where they stood. */
export interface DocumentSlice {
  /** Without markers, blank lines around it, byte order mark or carriage returns; ends with one newline. */
  readonly text: string;
  /** Line of its first character in the whole text, from 1. */
  readonly line: number;
}

/** Documents that hold more than comments, in order. */
export function splitDocuments(source: string): DocumentSlice[] {
  const lines = source
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n');
  const slices: DocumentSlice[] = [];
  let from = 0;
  const cut = (end: number): void => {
    const slice = tidySlice(lines, from, end);
    if (slice) slices.push(slice);
  };
  lines.forEach((line, index) => {
    if (!/^(---|\.\.\.)(\s|$)/.test(line)) return;
    cut(index);
    lines[index] = line.startsWith('---') ? line.slice(3).trimStart() : '';
    from = index;
  });
  cut(lines.length);
  return slices;
}

function tidySlice(lines: readonly string[], from: number, end: number): DocumentSlice | undefined {
  let first = from;
  let last = end;
  while (first < last && lines[first]!.trim() === '') first++;
  while (last > first && lines[last - 1]!.trim() === '') last--;
  const own = lines.slice(first, last);
  if (own.every((line) => /^\s*(#|$)/.test(line))) return undefined;
  return { text: `${own.join('\n')}\n`, line: first + 1 };
}

/** One text of several documents, as `dump` answers it. */
export function joinDocuments(texts: readonly string[]): string {
  return texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('---\n');
}
