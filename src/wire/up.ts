/** `weir up`: the supervisor, what it prints, and how it is stopped. */
import { totalmem } from 'node:os';
import path from 'node:path';
import type { Log, LogLevel } from '../base/log.ts';
import type { Language } from '../base/text.ts';
import { Problem } from '../base/problem.ts';
import { type RoleName, type Up, type UpOptions, up } from '../supervisor/up.ts';
import { markRunning } from '../supervisor/marker.ts';
import { type LoadedConfig, variableOf } from '../supervisor/config.ts';
import { announce, type ListenerUrl } from './announce.ts';
import { clock, openLog } from './common.ts';
import type { ProcessConfig, RoleConfig } from './config.ts';
import { readConfig, roleConfig } from './load-config.ts';
import { SAMPLE_ANSWERS } from './sample-answers.ts';
import { root } from './version.ts';

interface UpFlags {
  readonly sample: boolean;
  readonly roles: readonly string[] | undefined;
  readonly config: string | undefined;
  readonly language: Language;
}

const NICE_WORKER = 5;
/** Added to the gateway's drain before a role is killed. */
const STOP_EXTRA_MS = 3_000;

/** Starts everything and stays until it is stopped; answers the exit code. */
export async function runUp(flags: UpFlags): Promise<number> {
  const read = readConfig(flags.config, flags.roles ? { roles: flags.roles.join(',') } : {});
  const config = { ...read.config, logLevel: logLevelOf(read, process.stderr.isTTY) };
  const role = roleConfig(config, flags.sample);
  const log = openLog('supervisor', config.logLevel);
  const roles: readonly RoleName[] = config.roles;
  const unmark = markRunning(root, process.pid);
  const notes = new Map<string, unknown>();
  const sampleAnswers = Promise.withResolvers<void>();
  const onNote = (name: string, value: unknown) => {
    notes.set(name, value);
    if (name === SAMPLE_ANSWERS) sampleAnswers.resolve();
  };
  const end = stopSignal();
  const stopped = new AbortController();
  void end.then(() => stopped.abort(new Stopped()));
  let running: Up;
  try {
    running = await start(role, roles, log, onNote, stopped.signal);
  } catch (error) {
    unmark();
    if (error instanceof Stopped) return 0;
    throw error instanceof Problem ? error : new Error(`could not start: ${(error as Error).message}`, { cause: error });
  }
  const cancelAnnounce = announce({
    role,
    roles,
    firstPassword: notes.get('first-password') as string | undefined,
    listeners: (notes.get('listeners') as readonly ListenerUrl[] | undefined) ?? [],
    language: flags.language,
    sampleAnswers: sampleAnswers.promise,
    write: (text) => void process.stdout.write(text),
  });
  await end;
  cancelAnnounce();
  process.stderr.write({ en: 'stopping …\n', zh: '正在停止 …\n' }[flags.language]);
  await running.stop();
  unmark();
  return 0;
}

/**
 * The least level that is logged. A person at a terminal gets what was asked for and what went wrong, so that the
 * addresses to open are not lost among events; a log that goes to a file or a collector is whole, and so is one whose
 * level somebody chose.
 */
export function logLevelOf({ config, origins }: Pick<LoadedConfig<ProcessConfig>, 'config' | 'origins'>, isTerminal: boolean): LogLevel {
  return isTerminal && origins['logLevel'] === 'default' ? 'warn' : config.logLevel;
}

/** Whether to keep a spare process on a machine, or in a container, with so much memory. */
export function wantsSpare(setting: ProcessConfig['spare'], memory: number): boolean {
  return setting === 'auto' ? memory >= SPARE_MEMORY_BYTES : setting === 'on';
}

const SPARE_MEMORY_BYTES = 2 * 2 ** 30;

/** What this process may use: the machine's, or less where a container limits it (0 says it does not). */
function memoryBytes(): number {
  return Math.min(process.constrainedMemory() || Infinity, totalmem());
}

class Stopped extends Error {}

function start(role: RoleConfig, roles: readonly RoleName[], log: Log, onNote: UpOptions['onNote'], signal: AbortSignal): Promise<Up> {
  const { gateway, control } = role.config;
  const ports = [
    { role: 'gateway', host: gateway.host, port: gateway.port, variable: variableOf('gateway.port') },
    { role: 'control', host: control.host, port: control.port, variable: variableOf('control.port') },
  ].filter((wanted) => roles.includes(wanted.role as RoleName));
  return up({
    dataFolder: role.dataFolder,
    roles,
    ports,
    config: role,
    clock,
    log,
    command: process.execPath,
    // Threads find compiled code here too: what starts in the place of a role that died need not compile it again.
    environment: { ...process.env, NODE_COMPILE_CACHE: path.join(role.dataFolder, 'cache') },
    args: [...process.execArgv, process.argv[1]!, '--role-process'],
    niceWorker: NICE_WORKER,
    spare: wantsSpare(role.config.spare, memoryBytes()),
    stopGraceMs: gateway.drain + STOP_EXTRA_MS,
    pid: process.pid,
    signal,
    onNote,
  });
}

/**
 * Resolves at Ctrl-C, SIGTERM, SIGHUP, or when the launcher is gone; a second Ctrl-C ends at once. The others
 * may well come twice for one wish: systemd and `timeout` tell the whole group, and the launcher passes it on.
 */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let interrupts = 0;
    const ask = () => resolve();
    // Only a second Ctrl-C ends at once: the launcher may pass the first one on as SIGTERM, before or after it.
    process.on('SIGINT', () => (++interrupts > 1 ? process.exit(130) : ask()));
    process.on('SIGTERM', ask);
    process.on('SIGHUP', ask);
    process.on('disconnect', ask);
  });
}
