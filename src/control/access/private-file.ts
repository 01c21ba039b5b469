/** Files only their owner may read: written whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes `text` to `file` with mode 0600, replacing what is there at once: a reader sees the old or the
 * new text, never half of it. Raises what the file system raises.
 */
export function writePrivateFile(file: string, text: string): void {
  const part = `${file}.${process.pid}.part`;
  rmSync(part, { force: true });
  createPrivateFile(part, text);
  renameSync(part, file);
  syncFolder(path.dirname(file));
}

/** Makes `file` with mode 0600; raises EEXIST when it is there already. */
export function createPrivateFile(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the folder's entry survive a power cut, where the platform can. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
