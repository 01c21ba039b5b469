/**
 * The role's side of children.ts: waits for `start` (a spare loads everything meanwhile), runs the role, stops it on
 * request, on SIGTERM, or when the line to the supervisor closes (then it is out within three seconds).
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Problem, wordsOf } from '../base/problem.ts';
import { keepCompiledCode } from './compiled-code.ts';
import type { FromRole, ToRole } from './spawn-role.ts';

export interface RunningRole {
  /** All of Weir is being stopped; this role will be told to stop last. */
  leaving?(): void;
  stop(graceMs: number): Promise<void>;
}

const ORPHAN_GRACE_MS = 2_500;
const ORPHAN_LIMIT_MS = 2_900;

export interface RoleProcess {
  /** Runs a role with the configuration the supervisor sent. */
  start(role: string, config: unknown, note: (name: string, value: unknown) => void): Promise<RunningRole>;
  /** In a spare: loads what roles need, and opens nothing. `start` may be called before it has resolved. */
  prepare(config: unknown): Promise<void>;
  /** How long a role may take to stop. */
  graceMs(config: unknown): number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Runs one role in this process; never returns. */
export function runRoleProcess({ start, prepare, graceMs, clock, log }: RoleProcess): void {
  let running: RunningRole | undefined;
  let config: unknown;
  let leaving = false;
  const tell = (message: FromRole) => {
    if (process.connected) process.send!(message, undefined, undefined, () => {});
  };
  const leave = async (grace: number, end: () => void) => {
    if (leaving) return;
    leaving = true;
    try {
      await running?.stop(grace);
    } catch (error) {
      log.error('a role did not stop cleanly', { error: (error as Error).stack });
    }
    end();
  };
  const exit = () => process.exit(0);
  // `process.exit` first writes the cache of compiled code, which may take seconds: an orphan has no time for it.
  const vanish = () => process.kill(process.pid, 'SIGKILL');
  const fail = (role: string) => (error: Error) => {
    // A problem says all there is to say; a stack is for bugs of ours.
    const about = error instanceof Problem ? { code: error.code, error: error.message } : { error: error.stack };
    log.error('a role did not start', { role, ...about });
    tell({ type: 'failed', reason: wordsOf(error) });
    clock.after(50, () => process.exit(1));
  };
  process.on('message', (message: ToRole) => {
    if (message.type === 'leaving') return running?.leaving?.();
    if (message.type === 'stop') return void leave(graceMs(config), exit);
    if (message.type === 'prepare')
      return void prepare(message.config).then(() => {
        tell({ type: 'prepared', residentBytes: process.memoryUsage.rss() });
        keepCompiledCode(clock);
      }, fail('spare'));
    config = message.config;
    start(message.role, config, (name, value) => tell({ type: 'note', name, value })).then((role) => {
      running = role;
      tell({ type: 'ready' });
      keepCompiledCode(clock);
    }, fail(message.role));
  });
  process.on('disconnect', () => {
    clock.after(ORPHAN_LIMIT_MS, vanish, { unref: true });
    void leave(ORPHAN_GRACE_MS, vanish);
  });
  process.on('SIGTERM', () => void leave(graceMs(config), exit));
  process.on('SIGINT', () => {}); // The supervisor decides.
}
