/** What the benchmark asks of the machine (Linux): cores, priority, CPU time of a process, and how much of a core others took. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';

export const PROXY_CORE = '1';
export const LOAD_CORE = '0';
const PRIORITY = '-15';

/** Starts a program on one core, in a scheduling group of its own. */
export function startOn(core: string, command: readonly string[]): ChildProcess {
  return spawn('setsid', ['taskset', '-c', core, ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Puts a process with all its threads on one core. */
export function pin(pid: number, core: string): void {
  execFileSync('taskset', ['-a', '-p', '-c', core, String(pid)], { stdio: 'ignore' });
}

/** Raises the priority of a process with its threads and children, as far as the system lets us. */
export function raise(pid: number): void {
  for (const one of [pid, ...childrenOf(pid)]) {
    try {
      for (const task of readdirSync(`/proc/${one}/task`)) execFileSync('renice', ['-n', PRIORITY, '-p', task], { stdio: 'ignore' });
      writeFileSync(`/proc/${one}/autogroup`, PRIORITY);
    } catch {
      // Without the right to it the samples are only noisier.
    }
  }
}

/** Nanoseconds on a core of all threads of a process and of its children. */
export function cpuNs(pid: number): number {
  const own = readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    0,
  );
  return childrenOf(pid).reduce((sum, child) => sum + cpuNs(child), own);
}

/** Milliseconds the proxies' core was busy since the start of the machine, whoever used it. */
export function coreBusyMs(): number {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`cpu${PROXY_CORE} `))!;
  const [user, nice, system, , , irq, softirq] = line.split(/\s+/).slice(1).map(Number) as number[];
  return (user! + nice! + system! + irq! + softirq!) * 10;
}

/** Resident bytes of a process and its children. */
export function residentBytes(pid: number): number {
  const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  return childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), own);
}

/** The load of the last minute. */
export function machineLoad(): number {
  return Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}
