/**
 * Ports are probed before roles start: with `reusePort` a second listener does not fail by itself.
 * Says what holds a port where the system tells (Linux: /proc).
 */
import { type Text, verbatim } from '../base/text.ts';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Clock } from '../base/clock.ts';
import problems from './problems.ts';

const WAIT_MS = 5_000;
const RETRY_MS = 100;

export interface WantedPort {
  readonly role: string;
  readonly host: string;
  readonly port: number;
  /** The environment variable that changes it, for the message. */
  readonly variable: string;
}

/** Waits up to 5 seconds for each port to be free; raises `port-taken` or `port-refused`. */
export async function probePorts(wanted: readonly WantedPort[], clock: Clock): Promise<void> {
  const until = clock.monotonic() + WAIT_MS;
  for (const { role, host, port, variable } of wanted) {
    if (port === 0) continue;
    for (;;) {
      const code = await tryListen(host, port);
      if (code === null) break;
      const values = { role, host, port, variable };
      if (code !== 'EADDRINUSE') throw problems.raise['port-refused']({ values: { ...values, reason: verbatim(code) } });
      if (clock.monotonic() >= until) throw problems.raise['port-taken']({ values: { ...values, holder: whoListens(port) } });
      await clock.sleep(RETRY_MS);
    }
  }
}

/** Null when the port could be opened (and was closed again), else the system's error code. */
function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

const SOMEBODY: Text = { en: 'another program', zh: '另一个程序' };

/** The process that listens on `port`, in words; "another program" when the system does not tell. */
export function whoListens(port: number): Text {
  try {
    const inodes = listeningInodes(port);
    if (inodes.size === 0) return SOMEBODY;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid) || !holdsInode(pid, inodes)) continue;
      const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      return { en: `${name} (process ${pid})`, zh: `${name}（进程 ${pid}）` };
    }
  } catch {
    // No /proc here, or it is closed to us: the message stays general.
  }
  return SOMEBODY;
}

function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === '0A' && fields[1]?.endsWith(`:${hex}`)) inodes.add(fields[9]!);
    }
  }
  return inodes;
}

function holdsInode(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false; // Another user's process, or one that has just ended.
  }
}
