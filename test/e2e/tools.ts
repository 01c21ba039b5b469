/** What the whole-product tests share: shells and calls against one Weir, its processes, its own files. */
import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment, type CliResult, root, startWeir, until, type Weir, type WeirOptions } from './weir.ts';

/** A folder of the test's own, with `./weir` in it as in a checkout. */
export function newFolder(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `weir-${name}-`));
  symlinkSync(path.join(root, 'weir'), path.join(folder, 'weir'));
  return folder;
}

/** The same, removed afterwards. */
export function newHome(t: { after(remove: () => void): void }, name: string): string {
  const folder = newFolder(name);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Environment that keeps logins of the person who runs the tests out of them. */
export function homeEnvironment(folder: string): Record<string, string> {
  return { HOME: folder, XDG_CONFIG_HOME: path.join(folder, 'config'), LC_ALL: 'C.UTF-8' };
}

/** Starts a Weir in `folder` and waits for it; logins and ports are its own. */
export function weirIn(folder: string, options: Omit<WeirOptions, 'folder'> = {}): Promise<Weir> {
  return startWeir({ ...options, folder, env: { ...homeEnvironment(folder), ...options.env } });
}

/** Runs a line in bash in the folder of a Weir, with that Weir's ports; at most a minute. */
export function shell(weir: Weir, line: string, env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  const ports = { WEIR_GATEWAY_PORT: new URL(weir.gateway).port, WEIR_CONTROL_PORT: new URL(weir.control).port };
  return new Promise((resolve) => {
    const options = {
      cwd: weir.folder,
      timeout: 60_000,
      maxBuffer: 2 ** 26,
      env: cleanEnvironment({ ...ports, WEIR_GATEWAY_HOST: '127.0.0.1', ...homeEnvironment(weir.folder), ...env }),
    };
    execFile('bash', ['-c', line], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

/** Runs a CLI line such as `get Route crm` and fails the test when it does. */
export async function must(weir: Weir, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await weir.cli(...args);
  if (code !== 0) throw new Error(`weir ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/**
 * Waits until a resource serves: control has published it, and every gateway thread has that revision (a request in between
 * was a 404). Fails with its standing, at once when that is a refusal.
 */
export async function untilReady(weir: Weir, kind: string, name: string, seconds = 30): Promise<void> {
  const from = performance.now();
  for (;;) {
    const answer = await api(weir, `/api/v1/projects/default/resources/${kind}/${name}/status`);
    const { state } = JSON.parse(answer.text) as { state?: string };
    if (state === 'ready') return;
    if (state !== 'pending' || performance.now() - from > seconds * 1000) throw new Error(`${kind} ${name}: ${answer.text}`);
    await delay(50);
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One HTTP call, with any headers (`Host` too), answered within ten seconds. */
export function call(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  more: { method?: string; body?: string; agent?: Agent } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...options } = more;
    const asked = request(url, { headers, timeout: 10_000, ...options }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(parts).toString('utf8') });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within 10 s: ${url}`)));
    asked.on('error', reject);
    asked.end(body);
  });
}

/** A call to control as the local command line makes it. */
export function api(weir: Weir, at: string, more: { method?: string; body?: string; language?: string } = {}): Promise<Answer> {
  const authorization = `Bearer ${readFileSync(path.join(weir.folder, '.weir', 'cli-token'), 'utf8').trim()}`;
  const language = { 'accept-language': more.language ?? 'en' };
  return call(weir.control + at, { authorization, ...language, ...(more.body ? { 'content-type': 'application/json' } : {}) }, more);
}

/** The role processes by role: children of the supervisor, whose last argument names them. */
export function roleProcesses(weir: Weir): Map<string, number> {
  const roles = childrenOf(supervisorPid(weir)).map((pid) => [argumentsOf(pid).at(-1) ?? '', pid] as const);
  return new Map(roles.filter(([role]) => /^(control|gateway|worker|sample)$/.test(role)));
}

/** The process that could take the place of a role, when there is one just now. */
export function sparePid(weir: Weir): number | undefined {
  return childrenOf(supervisorPid(weir)).find((pid) => argumentsOf(pid).at(-1) === 'standby');
}

/** Waits until the spare has told the log that it has loaded all it needs; its process id and memory then. */
export async function untilSpare(weir: Weir): Promise<{ readonly pid: number; readonly residentBytes: number }> {
  let found: RegExpExecArray | null = null;
  await until('a spare waits', () => {
    found = new RegExp(`"pid":(${sparePid(weir)}),"residentBytes":(\\d+)`).exec(weir.output());
    return found !== null;
  });
  return { pid: Number(found![1]), residentBytes: Number(found![2]) };
}

/** The supervisor's process id. */
export function supervisorPid(weir: Weir): number {
  const [pid] = childrenOf(weir.child.pid!);
  if (pid === undefined) throw new Error('no supervisor runs');
  return pid;
}

/** True while a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/).filter(Boolean);
  } catch {
    return [];
  }
}

function childrenOf(pid: number): number[] {
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // The name may hold anything, so the fields are read from behind its last bracket.
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(fields[1]) === pid && fields[0] !== 'Z') found.push(Number(entry));
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

/** Files below `folder` that hold `needle`, by path. */
export function filesHolding(folder: string, needle: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() && readFileSync(file).includes(needle));
}

/** Ends a process that a test started and waits until it is gone. */
export async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve));
}
