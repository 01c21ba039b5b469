/**
 * Failed queries in the log: the database's own words for operators, at most one line a second for each
 * connection and reason, so that a dead database does not fill the disk. A refused value is not quoted.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { QueryFailure } from '../sdk/query.ts';
import { logged } from './engines.ts';

const EVERY_MS = 1_000;
const KEYS_MAX = 512;

/** Makes the function that logs a failure of a query on `connection`. */
export function createFailureLog(log: Log, clock: Clock): (connection: string, error: unknown) => void {
  const last = new Map<string, { at: number; suppressed: number }>();
  return (connection, error) => {
    const reason = error instanceof QueryFailure ? error.reason : 'failed';
    const key = `${connection} ${reason}`;
    const now = clock.monotonic();
    const seen = last.get(key);
    if (seen && now - seen.at < EVERY_MS) {
      seen.suppressed += 1;
      return;
    }
    if (last.size >= KEYS_MAX) last.clear();
    last.set(key, { at: now, suppressed: 0 });
    const words = reason === 'value' ? { code: 'query-value' } : logged(error);
    log.warn('a data API query failed', { connection, reason, suppressed: seen?.suppressed ?? 0, ...words });
  };
}
