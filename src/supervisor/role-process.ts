/**
 * The role's side of children.ts: waits for `start`, runs the role, stops it on request, on SIGTERM,
 * or when the line to the supervisor closes (then it is out within three seconds).
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { Problem, wordsOf } from '../base/problem.ts';
import type { FromRole, ToRole } from './children.ts';
import { keepCompiledCode } from './compiled-code.ts';

export interface RunningRole {
  stop(graceMs: number): Promise<void>;
}

const ORPHAN_GRACE_MS = 2_500;
const ORPHAN_LIMIT_MS = 2_900;

/** Runs one role in this process; never returns. `start` gets the configuration the supervisor sent. */
export function runRoleProcess(
  start: (role: string, config: unknown, note: (name: string, value: unknown) => void) => Promise<RunningRole>,
  graceMs: (config: unknown) => number,
  clock: Clock,
  log: Log,
): void {
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
  process.on('message', (message: ToRole) => {
    if (message.type === 'stop') return void leave(graceMs(config), exit);
    config = message.config;
    start(message.role, config, (name, value) => tell({ type: 'note', name, value })).then(
      (role) => {
        running = role;
        tell({ type: 'ready' });
        keepCompiledCode(clock);
      },
      (error: Error) => {
        // A problem says all there is to say; a stack is for bugs of ours.
        const about = error instanceof Problem ? { code: error.code, error: error.message } : { error: error.stack };
        log.error('a role did not start', { role: message.role, ...about });
        tell({ type: 'failed', reason: wordsOf(error) });
        clock.after(50, () => process.exit(1));
      },
    );
  });
  process.on('disconnect', () => {
    clock.after(ORPHAN_LIMIT_MS, vanish, { unref: true });
    void leave(ORPHAN_GRACE_MS, vanish);
  });
  process.on('SIGTERM', () => void leave(graceMs(config), exit));
  process.on('SIGINT', () => {}); // The supervisor decides.
}
