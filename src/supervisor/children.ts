/**
 * The role processes: started in process groups of their own (a terminal's Ctrl-C reaches only the
 * supervisor), restarted when they die, stopped in order. Each watches its line to the supervisor
 * and leaves when it closes.
 */
import { type Text } from '../base/text.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import problems from './problems.ts';

/** Supervisor → role. */
export type ToRole = { type: 'start'; role: string; config: unknown } | { type: 'stop' };
/** Role → supervisor. `note` carries something for the supervisor's owner, such as "load the sample". */
export type FromRole = { type: 'ready' } | { type: 'failed'; reason: Text } | { type: 'note'; name: string; value: unknown };

export interface Child {
  readonly role: string;
  /** Resolves at the first `ready`; rejects when the first start fails. */
  readonly ready: Promise<void>;
  /** Asks the role to stop; kills it after `graceMs`. */
  stop(graceMs: number): Promise<void>;
  readonly pid: number | undefined;
}

export interface ChildOptions {
  readonly role: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly config: unknown;
  readonly clock: Clock;
  readonly log: Log;
  onNote(name: string, value: unknown): void;
  /** CPU niceness added to the role's process (0 = none). */
  readonly nice: number;
}

/** A crash soon after a start waits longer and longer, so that a broken role does not spin. */
const RESTART_DELAYS_MS = [0, 100, 250, 500, 1000, 2000, 5000];
const STABLE_AFTER_MS = 30_000;

/** Starts a role and keeps it running until `stop`. */
export function keepChild(options: ChildOptions): Child {
  const { role, clock, log } = options;
  let child: ChildProcess;
  let stopping = false;
  let everReady = false;
  let crashes = 0;
  let cancelRestart: Cancel = () => {};
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {}); // Its owner may not be listening yet.

  const launch = () => {
    const startedAt = clock.monotonic();
    child = spawnRole(options);
    child.on('message', (message: FromRole) => {
      if (message.type === 'ready') {
        everReady = true;
        first.resolve();
      } else if (message.type === 'note') options.onNote(message.name, message.value);
      else if (!everReady) first.reject(problems.raise['role-failed']({ values: { role, reason: message.reason } }));
    });
    child.once('exit', (code, signal) => {
      if (stopping) return;
      const reason = signal ? { en: `ended by ${signal}`, zh: `被 ${signal} 终止` } : { en: `exit code ${code}`, zh: `退出码 ${code}` };
      if (!everReady) return first.reject(problems.raise['role-failed']({ values: { role, reason } }));
      if (clock.monotonic() - startedAt > STABLE_AFTER_MS) crashes = 0;
      const delay = RESTART_DELAYS_MS[Math.min(crashes++, RESTART_DELAYS_MS.length - 1)]!;
      log.error('a role ended and is started again', { role, reason: reason.en, delayMs: delay });
      cancelRestart = clock.after(delay, launch);
    });
  };
  launch();
  return {
    role,
    ready: first.promise,
    get pid() {
      return child.pid;
    },
    async stop(graceMs) {
      stopping = true;
      cancelRestart();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.connected) child.send({ type: 'stop' } satisfies ToRole, () => {});
      const cancelKill = clock.after(graceMs, () => child.kill('SIGKILL'));
      await gone;
      cancelKill();
    },
  };
}

function spawnRole({ command, args, cwd, environment, role, config, nice, log }: ChildOptions): ChildProcess {
  const niced = nice > 0 && process.platform === 'linux' ? ['nice', '-n', String(nice), command] : [command];
  const child = spawn(niced[0]!, [...niced.slice(1), ...args, role], {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', (error) => log.error('a role could not be started', { role, error: error.message }));
  child.send({ type: 'start', role, config } satisfies ToRole, () => {});
  return child;
}
