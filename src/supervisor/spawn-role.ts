/**
 * One process for a role, or for the spare: in a process group of its own, so that a terminal's Ctrl-C reaches only
 * the supervisor, with a line over which the two speak.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '../base/log.ts';
import type { Text } from '../base/text.ts';

/**
 * Supervisor → process. `prepare` asks a spare to load what roles need; `start` makes any process that role; `leaving` says
 * that all of Weir is being stopped, of which this process will be told last.
 */
export type ToRole =
  | { type: 'prepare'; config: unknown }
  | { type: 'start'; role: string; config: unknown }
  | { type: 'leaving' }
  | { type: 'stop' };
/** Process → supervisor. `note` carries something for the supervisor's owner, such as "load the sample". */
export type FromRole =
  | { type: 'prepared'; residentBytes: number }
  | { type: 'ready' }
  | { type: 'failed'; reason: Text }
  | { type: 'note'; name: string; value: unknown };

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}

/** Starts a process whose last argument is `name`, with `nice` added to its niceness (Linux), and sends it `first`. */
export function spawnRole({ command, args, cwd, environment, log }: SpawnOptions, name: string, nice: number, first: ToRole): ChildProcess {
  const niced = nice > 0 && process.platform === 'linux' ? ['nice', '-n', String(nice), command] : [command];
  const child = spawn(niced[0]!, [...niced.slice(1), ...args, name], {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', (error) => log.error('a process failed', { role: name, error: error.message }));
  if (child.pid !== undefined) child.send(first, () => {});
  return child;
}

/** Calls `ended` once: when the process ends, or at once when the system could not start it. Answers how to stop listening. */
export function onceEnded(child: ChildProcess, ended: (reason: Text) => void): () => void {
  const exited = (code: number | null, signal: string | null) =>
    ended(signal ? { en: `ended by ${signal}`, zh: `被 ${signal} 终止` } : { en: `exit code ${code}`, zh: `退出码 ${code}` });
  const failed = (error: Error) => {
    if (child.pid === undefined) ended({ en: error.message, zh: error.message });
  };
  child.once('exit', exited);
  child.on('error', failed);
  return () => {
    child.off('exit', exited);
    child.off('error', failed);
  };
}

/** False once the process has ended, or when it was never started. */
export function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
