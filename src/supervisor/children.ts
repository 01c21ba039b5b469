/**
 * The role processes: started, restarted when they die (in the spare when there is one), stopped in order.
 * Each watches its line to the supervisor and leaves when it closes.
 */
import type { ChildProcess } from 'node:child_process';
import type { Cancel, Clock } from '../base/clock.ts';
import problems from './problems.ts';
import type { Spare } from './spare.ts';
import { type FromRole, isRunning, onceEnded, type SpawnOptions, spawnRole, type ToRole } from './spawn-role.ts';

export interface Child {
  readonly role: string;
  /** Resolves at the first `ready`; rejects when the first start fails. */
  readonly ready: Promise<void>;
  /** Tells the role that a stop has begun, which reaches it last; if it dies meanwhile, the next one too. */
  leave(): void;
  /** Asks the role to stop; kills it after `graceMs`. */
  stop(graceMs: number): Promise<void>;
  readonly pid: number | undefined;
}

export interface ChildOptions extends SpawnOptions {
  readonly role: string;
  readonly config: unknown;
  readonly clock: Clock;
  onNote(name: string, value: unknown): void;
  /** CPU niceness added to the role's process (0 = none). */
  readonly nice: number;
  /** Where a role that died gets a process that has loaded everything. */
  readonly spare?: Pick<Spare, 'take'> | undefined;
}

/** A crash soon after a start waits longer and longer, so that a broken role does not spin. */
const RESTART_DELAYS_MS = [0, 100, 250, 500, 1000, 2000, 5000];
const STABLE_AFTER_MS = 30_000;
/** A role that was ready and ran this long gets the spare when it dies: one that fails at its start would eat every spare. */
const SPARE_AFTER_MS = 5_000;

/** Starts a role and keeps it running until `stop`. */
export function keepChild(options: ChildOptions): Child {
  const { role, clock, log, config, nice } = options;
  let child: ChildProcess;
  let leaving = false;
  let stopping = false;
  let everReady = false;
  let crashes = 0;
  let cancelRestart: Cancel = () => {};
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {}); // Its owner may not be listening yet.

  const tellLeaving = () => {
    if (child.connected) child.send({ type: 'leaving' } satisfies ToRole, () => {});
  };
  const launch = (promoted?: ChildProcess) => {
    const startedAt = clock.monotonic();
    const order: ToRole = { type: 'start', role, config };
    const own = promoted ?? spawnRole(options, role, nice, order);
    child = own;
    let ready = false;
    own.on('message', (message: FromRole) => {
      if (message.type === 'ready') {
        everReady = ready = true;
        if (leaving) tellLeaving();
        first.resolve();
      } else if (message.type === 'note') options.onNote(message.name, message.value);
      else if (message.type === 'failed' && !everReady)
        first.reject(problems.raise['role-failed']({ values: { role, reason: message.reason } }));
    });
    onceEnded(own, (reason) => {
      if (stopping) return;
      if (!everReady) return first.reject(problems.raise['role-failed']({ values: { role, reason } }));
      if (promoted && !ready) {
        log.warn('the spare ended while it took over a role, which gets a new process', { role, reason: reason.en });
        return launch();
      }
      const ranMs = clock.monotonic() - startedAt;
      if (ranMs > STABLE_AFTER_MS) crashes = 0;
      const delayMs = RESTART_DELAYS_MS[Math.min(crashes++, RESTART_DELAYS_MS.length - 1)]!;
      const again = () => launch(ready && ranMs > SPARE_AFTER_MS ? options.spare?.take(nice) : undefined);
      if (delayMs > 0) cancelRestart = clock.after(delayMs, again);
      else again(); // Before the line below, with which a log may first have to load its library.
      log.error('a role ended and is started again', { role, reason: reason.en, delayMs });
    });
    if (!promoted) return;
    promoted.send(order, () => {});
    log.info('the spare process becomes a role', { role, pid: promoted.pid });
  };
  launch();
  return {
    role,
    ready: first.promise,
    get pid() {
      return child.pid;
    },
    leave() {
      leaving = true;
      tellLeaving();
    },
    async stop(graceMs) {
      stopping = true;
      cancelRestart();
      if (!isRunning(child)) return;
      const gone = new Promise<void>((resolve) => void onceEnded(child, () => resolve()));
      if (child.connected) child.send({ type: 'stop' } satisfies ToRole, () => {});
      const cancelKill = clock.after(graceMs, () => child.kill('SIGKILL'));
      await gone;
      cancelKill();
    },
  };
}
