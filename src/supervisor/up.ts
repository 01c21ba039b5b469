/**
 * `weir up`: starts the roles, keeps them running, stops them in order.
 *
 *   data folder ─▶ lock ─▶ ports free? ─▶ control ─▶ gateway, worker ─▶ running (spare) … ─▶ gateway, worker, control
 */
import { verbatim } from '../base/text.ts';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type Child, keepChild } from './children.ts';
import { takeLock } from './lock.ts';
import { type WantedPort, probePorts } from './ports.ts';
import problems from './problems.ts';
import { keepSpare, type Spare } from './spare.ts';

export type RoleName = 'control' | 'gateway' | 'worker' | 'sample';

export interface UpOptions {
  /** Absolute. Made when missing, mode 0700; roles run with it as their working folder. */
  readonly dataFolder: string;
  readonly roles: readonly RoleName[];
  readonly ports: readonly WantedPort[];
  /** What each role is started with: the executable and its arguments, and the configuration it gets. */
  readonly command: string;
  readonly args: readonly string[];
  readonly config: unknown;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly niceWorker: number;
  /** Keep a process that has loaded what roles need, for the next role that dies. */
  readonly spare: boolean;
  readonly stopGraceMs: number;
  readonly pid: number;
  /** Aborted when a stop is asked for while starting: what was started is stopped again. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  /** What a role tells besides `sample`, such as the first password. */
  onNote(name: string, value: unknown): void;
}

export interface Up {
  /** Stops every role in order and lets go of the lock. */
  stop(): Promise<void>;
  /** Pids by role, and the spare’s, for `kill` tests and status. */
  pids(): Record<string, number | undefined>;
}

/** Starts everything; resolves when every role is ready. Raises one clear problem otherwise. */
export async function up(options: UpOptions): Promise<Up> {
  const { clock, log } = options;
  prepareFolder(options.dataFolder);
  const lock = await takeLock(options.dataFolder, options.pid, clock);
  const children = new Map<RoleName, Child>();
  let stopping = false; // A note that arrives meanwhile must not start what nobody would stop.
  let spare: Spare | undefined;
  const { command, args, environment, config } = options;
  const how = { command, args, cwd: options.dataFolder, environment, config, clock, log };
  const start = (role: RoleName): Child => {
    const child = keepChild({
      ...how,
      role,
      spare: { take: (nice) => spare?.take(nice) },
      nice: role === 'worker' ? options.niceWorker : 0,
      onNote: (name, value) => (name === 'sample' ? void setSample(value) : options.onNote(name, value)),
    });
    children.set(role, child);
    return child;
  };
  /** Control knows whether the sample is loaded; its outside world is a role of its own. */
  const setSample = async (wanted: unknown) => {
    const running = children.get('sample');
    if (wanted && !running && !stopping) start('sample');
    if (!wanted && running) {
      children.delete('sample');
      await running.stop(options.stopGraceMs);
    }
  };
  const stop = async () => {
    stopping = true;
    await spare?.stop(); // First, so that it takes over nothing any more.
    children.get('control')?.leave(); // Not ready from now on, while the others end what they do.
    for (const role of ['sample', 'gateway', 'worker', 'control'] as const) await children.get(role)?.stop(options.stopGraceMs);
    lock.release();
  };
  try {
    await probePorts(options.ports, clock);
    // Sockets, and compiled code that roles run: for nobody else, also in a data folder that others may enter.
    for (const own of ['run', 'cache']) mkdirSync(path.join(options.dataFolder, own), { recursive: true, mode: 0o700 });
    if (options.roles.includes('control')) await unlessAborted(start('control').ready, options.signal);
    const others = options.roles.filter((r) => r === 'gateway' || r === 'worker');
    await unlessAborted(Promise.all(others.map((r) => start(r).ready)), options.signal);
    if (options.spare) spare = keepSpare(how);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, pids: () => ({ ...Object.fromEntries([...children].map(([role, child]) => [role, child.pid])), spare: spare?.pid }) };
}

/** The promise's outcome, or a rejection with the signal's reason when that comes first. */
function unlessAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}

function prepareFolder(folder: string): void {
  try {
    makeFolder(folder);
    // Keys and passwords lie in it: made by hand or by an older copy, it may be open to others.
    if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw problems.raise['data-folder']({ values: { folder, reason: verbatim((error as Error).message) }, cause: error });
  }
}

/** Step by step: a recursive mkdir below a folder that takes no entries (such as /proc) would never return. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}
