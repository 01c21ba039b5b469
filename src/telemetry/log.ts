/**
 * The log of a role process: JSON lines, one event each, on standard error.
 * In: message and fields. Out: `{"time":"2026-01-31T08:00:00.000Z","level":"info","msg":"…",…}`.
 */
import { createRequire } from 'node:module';
import type pino from 'pino';
import type { Clock } from '../base/clock.ts';
import type { Log, LogFields, LogLevel } from '../base/log.ts';
import { redact } from './redact.ts';

export interface LogOptions {
  /** Lines below this level are dropped. */
  readonly level: LogLevel;
  readonly clock: Pick<Clock, 'now'>;
  /** Added to each line, for example `{ role: 'control', pid: 17 }`. */
  readonly fields?: LogFields;
  /** Takes each line, newline included; standard error when left out. */
  readonly write?: (line: string) => unknown;
}

/**
 * Makes the log. Lines are written before the call returns, so none is lost when the process ends.
 * Fields pass through `redact`: a secret-named one never shows its value.
 */
export function createLog(options: LogOptions): Log {
  const { level } = options;
  let opened: pino.Logger | undefined;
  const open = () => (opened ??= openLogger(options));
  return wrap(level, open, (redact(options.fields ?? {}) ?? {}) as LogFields);
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Loads the library with the first line: most threads never write one, and all wait for what they load at their start. */
function openLogger({ level, clock, write }: LogOptions): pino.Logger {
  const pino = createRequire(import.meta.url)('pino') as typeof import('pino').default;
  const destination = write ? { write: (line: string) => void write(line) } : pino.destination({ fd: 2, sync: true });
  return pino(
    {
      level,
      base: null,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    },
    destination,
  );
}

function wrap(least: LogLevel, open: () => pino.Logger, fixed: LogFields): Log {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) open()[level]({ ...fixed, ...(redact(fields) as LogFields) }, message);
    };
  return Object.freeze({
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields: LogFields) => wrap(least, open, { ...fixed, ...(redact(fields) as LogFields) }),
  });
}
