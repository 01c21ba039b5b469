/** Sizes of files and lines (STYLE 4), by a ratchet: the exceptions listed may only shrink. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SourceFile } from './source.ts';

export const LINES_MAX = 500;
export const MEDIAN_MAX = 100;
export const P90_MAX = 300;
export const COLUMNS_MAX = 140;

/** Every size over its limit that the ratchet file does not excuse. */
export function sizeFaults(root: string, files: readonly SourceFile[]): string[] {
  const ratchet = JSON.parse(readFileSync(path.join(root, 'scripts/tidy/ratchet.json'), 'utf8')) as Record<string, number>;
  const counted = files.filter((f) => !f.file.startsWith('generated/'));
  const faults: string[] = [];
  for (const { file, lines } of counted) {
    const allowed = ratchet[file] ?? LINES_MAX;
    if (lines.length > allowed) faults.push(`${file}: ${lines.length} lines, at most ${allowed}`);
    lines.forEach((line, i) => {
      if (columnsOf(line) > COLUMNS_MAX) faults.push(`${file}:${i + 1}: ${columnsOf(line)} columns, at most ${COLUMNS_MAX}`);
    });
  }
  for (const [file, allowed] of Object.entries(ratchet)) {
    const now = counted.find((f) => f.file === file)?.lines.length ?? 0;
    if (now <= LINES_MAX) faults.push(`${file}: has ${now} lines now; take it off scripts/tidy/ratchet.json`);
    else if (now < allowed) faults.push(`${file}: has ${now} lines now; lower its entry in scripts/tidy/ratchet.json`);
  }
  const sizes = counted
    .filter((f) => f.file.startsWith('src/') && !f.isTest)
    .map((f) => f.lines.length)
    .sort((a, b) => a - b);
  const at = (share: number) => sizes[Math.floor(sizes.length * share)] ?? 0;
  if (at(0.5) > MEDIAN_MAX) faults.push(`src/: the median file has ${at(0.5)} lines, at most ${MEDIAN_MAX}`);
  if (at(0.9) > P90_MAX) faults.push(`src/: nine files in ten should have ${P90_MAX} lines at most; the tenth has ${at(0.9)}`);
  return faults;
}

/** Width of a line without the contents of its texts: a sentence for people is not cut in pieces. */
function columnsOf(line: string): number {
  return line.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''").replace(/^[^`]*`[^`]*$/, '').length;
}
