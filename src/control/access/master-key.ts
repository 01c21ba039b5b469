/**
 * The file of master keys: `.weir/master.key`, or where WEIR_MASTER_KEY_FILE points. One key a line
 * (32 bytes, base64), the newest first; older ones only open what they sealed. `#` begins a comment.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import path from 'node:path';
import type { Random } from '../../base/random.ts';
import { createPrivateFile, syncFolder } from './private-file.ts';
import problems from './problems.ts';

export const KEY_BYTES = 32;
const FILE_BYTES_MAX = 64 * 1024;

/** A key of 32 bytes with the name that sealed values carry: beginning of a hash, so it tells nothing of the key. */
export interface MasterKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Where the master key is, and whose file that is. */
export interface MasterKeyPlace {
  readonly file: string;
  /** True for a file the operator gave: never made by us, and may belong to another owner or a group. */
  readonly given: boolean;
}

/** Reads the keys, newest first; null when there is no file. Raises `master-key-exposed` and `master-key-malformed`. */
export function readMasterKeys(place: MasterKeyPlace): MasterKey[] | null {
  const { file } = place;
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw problems.raise['master-key-malformed']({ values: { file }, cause: error });
  }
  try {
    const stats = fstatSync(descriptor);
    checkOwner(place, stats);
    if (!stats.isFile() || stats.size > FILE_BYTES_MAX) throw problems.raise['master-key-malformed']({ values: { file } });
    return parseKeys(file, readFileSync(descriptor, 'utf8'));
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a new key file; when another process made it first, that one stands. */
export function createMasterKey({ file }: MasterKeyPlace, random: Random): void {
  const text = `# Master key of this Weir. Keep a copy apart from the store's backups; without it no secret can be read.\n`;
  try {
    createPrivateFile(file, `${text}${Buffer.from(random.bytes(KEY_BYTES)).toString('base64')}\n`);
    syncFolder(path.dirname(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function checkOwner({ file, given }: MasterKeyPlace, stats: Stats): void {
  if (process.platform === 'win32') return;
  const forbidden = given ? 0o007 : 0o077;
  const own = given || stats.uid === process.getuid!() || stats.uid === 0;
  if ((stats.mode & forbidden) === 0 && own) return;
  throw problems.raise['master-key-exposed']({ values: { file, mode: (stats.mode & 0o777).toString(8).padStart(4, '0'), owner: stats.uid } });
}

function parseKeys(file: string, text: string): MasterKey[] {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const keys = lines.map((line) => Buffer.from(line, 'base64'));
  if (keys.length === 0 || keys.some((key, i) => key.length !== KEY_BYTES || key.toString('base64') !== lines[i])) {
    throw problems.raise['master-key-malformed']({ values: { file } });
  }
  return keys.map((bytes) => ({ id: createHash('sha256').update('weir-key-id\0').update(bytes).digest('hex').slice(0, 12), bytes }));
}
