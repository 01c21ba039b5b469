/**
 * Tells the launcher that this checkout is in use, so that it never re-installs dependencies under a
 * running Weir: a Unix socket below node_modules that answers only while this process lives.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';

/** Marks the checkout at `root`; does nothing for an installed package. Answers how to unmark. */
export function markRunning(root: string, pid: number): () => void {
  if (!existsSync(path.join(root, 'package-lock.json'))) return () => {};
  const folder = path.join(root, 'node_modules', '.weir-running');
  const name = `${pid}.sock`;
  const before = process.cwd();
  try {
    mkdirSync(folder, { recursive: true });
    process.chdir(folder); // A relative name: a socket's whole path may be at most 107 bytes.
    rmSync(name, { force: true });
    const server = createServer((socket) => socket.destroy());
    server.on('error', () => {}); // A checkout we may not write in cannot be marked, and can still run.
    server.listen(name);
    server.unref();
    return () => {
      server.close();
      rmSync(path.join(folder, name), { force: true });
    };
  } catch {
    return () => {};
  } finally {
    process.chdir(before);
  }
}
