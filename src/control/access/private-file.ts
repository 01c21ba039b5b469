/** Files only their owner may read: on disk, whole, before anybody relies on them. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Makes `file` with mode 0600 and waits for the disk; raises EEXIST when it is there already. */
export function createPrivateFile(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Replaces `file` at once, whatever mode the old one had: a reader sees the old or the new text, never half of it. */
export function replacePrivateFile(file: string, text: string): void {
  const part = `${file}.${process.pid}.part`;
  rmSync(part, { force: true });
  createPrivateFile(part, text);
  renameSync(part, file);
}
