/**
 * The log of a role process: JSON lines, one event each, on standard error.
 * In: message and fields. Out: `{"time":"2026-01-31T08:00:00.000Z","level":"info","msg":"…",…}`.
 */
import pino from 'pino';
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
  const { write } = options;
  const destination = write ? { write: (line: string) => void write(line) } : pino.destination({ fd: 2, sync: true });
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(options.clock.now()).toISOString()}"`,
    },
    destination,
  );
  return wrap(logger, (redact(options.fields ?? {}) ?? {}) as LogFields);
}

function wrap(logger: pino.Logger, fixed: LogFields): Log {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logger.isLevelEnabled(level)) logger[level]({ ...fixed, ...(redact(fields) as LogFields) }, message);
    };
  return Object.freeze({
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields: LogFields) => wrap(logger, { ...fixed, ...(redact(fields) as LogFields) }),
  });
}
