/** Log lines as the page keeps them: bounded, in order, each once. Pure. */
import type { RunLogs } from '../../../../generated/client.ts';

export type LogLine = RunLogs['items'][number];

/** Lines kept in the page; the oldest go first. The whole log stays with the server. */
export const LINES_MAX = 5_000;

export interface KeptLines {
  readonly lines: readonly LogLine[];
  /** Lines that were let go. */
  readonly dropped: number;
  /** Sequence of the newest line seen; asking goes on after it. */
  readonly last: number;
}

export const NO_LINES: KeptLines = { lines: [], dropped: 0, last: 0 };

/** The kept lines and new ones; lines seen before are left out. */
export function addLines(kept: KeptLines, more: readonly LogLine[], most: number = LINES_MAX): KeptLines {
  const fresh = more.filter(({ sequence }) => sequence > kept.last);
  if (fresh.length === 0) return kept;
  const all = [...kept.lines, ...fresh];
  const over = Math.max(0, all.length - most);
  return { lines: all.slice(over), dropped: kept.dropped + over, last: fresh.at(-1)!.sequence };
}

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** Lines of at least this level, of this stream when one is chosen. */
export function linesFrom(lines: readonly LogLine[], level: Level, stream: string | undefined): readonly LogLine[] {
  const least = LEVELS.indexOf(level);
  return lines.filter((line) => LEVELS.indexOf(line.level) >= least && (stream === undefined || line.stream === stream));
}
