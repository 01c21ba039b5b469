/** What PostgreSQL and MariaDB test servers share: a non-root user, a free port, a bounded start and stop. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A running server. `stop` is absent in the form that travels through the environment. */
export interface Launched {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  readonly stop?: () => Promise<void>;
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The account a server runs as: `preferred` or nobody when we are root, else ourselves (undefined). */
export function serverIdentity(preferred: string): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [preferred, 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such account on this machine: try the next.
    }
  }
  return { uid: 65534, gid: 65534 };
}

/** An empty folder below the temporary folder that `identity` owns. */
export function serverFolder(prefix: string, identity: Identity | undefined): string {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  if (identity) chownSync(folder, identity.uid, identity.gid);
  chmodSync(folder, 0o700);
  return folder;
}

/** A port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** Starts `command` and resolves when `ready` answers true; fails with the server's last words. */
export async function startServer(
  command: string,
  args: readonly string[],
  options: {
    identity: Identity | undefined;
    folder: string;
    env?: Record<string, string>;
    ready: () => Promise<boolean>;
    signal: NodeJS.Signals;
  },
): Promise<{ pid: number; stop: () => Promise<void> }> {
  const child = spawn(command, args, {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...options.identity,
  });
  let words = '';
  child.stderr!.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4000)));
  const killer = () => child.kill('SIGKILL');
  process.once('exit', killer);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    await stopChild(child, gone, options.signal);
    process.off('exit', killer);
    rmSync(options.folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) break;
    if (await options.ready()) {
      child.unref();
      (child.stderr as unknown as { unref(): void }).unref();
      return { pid: child.pid!, stop };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`${path.basename(command)} did not start: ${words.trim()}`);
}

async function stopChild(child: ChildProcess, gone: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(force);
}
