/** A run's own log: lines with levels, stored in batches, bounded in number and length. */
import type { Clock } from '../base/clock.ts';
import type { LogLevel } from '../base/log.ts';
import { type Text, tell } from '../base/text.ts';
import type { RunLogLine } from '../sdk/run.ts';
import type { PipelineLimits } from './limits.ts';

export interface RunLog {
  line(level: LogLevel, message: Text, stream?: string): void;
  /** Stores what waits, and how many lines were left out, if any. Never throws; waits at most `storeMs` a try. */
  close(): Promise<void>;
}

type NewLine = Omit<RunLogLine, 'sequence'>;

/** Opens the log of `run`. `dropped` is told how many lines were lost to a bound or a failing store. */
export function openRunLog(
  run: string,
  store: (lines: NewLine[]) => Promise<void>,
  options: { clock: Clock; limits: PipelineLimits; dropped: (count: number) => void },
): RunLog {
  const { clock, limits, dropped } = options;
  let waiting: NewLine[] = [];
  let taken = 0;
  let left = 0;
  let sending: Promise<void> | undefined;
  const make = (level: LogLevel, message: Text, stream: string | null): NewLine => ({
    run,
    time: clock.now(),
    level,
    message: { en: message.en.slice(0, limits.logLineChars), zh: message.zh.slice(0, limits.logLineChars) },
    stream,
  });
  const flush = (): Promise<void> => {
    sending ??= (async () => {
      while (waiting.length > 0) {
        const lines = waiting.splice(0, limits.logBatch);
        try {
          await store(lines);
        } catch {
          dropped(lines.length); // The store fails: its heartbeats will end this run; lines are not worth more.
          left += lines.length;
          return;
        }
      }
    })().finally(() => (sending = undefined));
    return sending;
  };
  const cancel = clock.every(limits.logFlushMs, () => void flush(), { unref: true });
  return {
    line(level, message, stream) {
      const full = taken >= limits.logLines || waiting.length >= limits.logWaiting;
      // Warnings and errors may use a tenth more than the bound, so that chatter cannot hide them.
      const urgent = (level === 'warn' || level === 'error') && taken < limits.logLines * 1.1 && waiting.length < limits.logWaiting * 1.1;
      if (full && !urgent) {
        left += 1;
        dropped(1);
        return;
      }
      taken += 1;
      waiting.push(make(level, message, stream ?? null));
      if (waiting.length >= limits.logBatch) void flush();
    },
    async close() {
      cancel();
      await flush();
      if (left > 0)
        waiting.push(
          make('warn', tell({ en: '{left} further log line(s) were left out', zh: '另有 {left} 行日志未记录' }, { left }), null),
        );
      await flush();
    },
  };
}
