/**
 * Reads the documents of a folder: `*.yaml`, `*.yml` and `*.json`, recursively, names beginning with a dot left
 * out. Bounded; a symbolic link counts only when it leads to a file inside the folder. A file is read again
 * only when its inode, size or times changed.
 */
import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { Told, wordsOf } from '../../base/problem.ts';
import { type Text, tell } from '../../base/text.ts';
import { formatBytes } from '../../base/units.ts';
import { PARSE_LIMITS } from '../documents/parse.ts';

export interface FolderLimits {
  readonly filesMax: number;
  readonly bytesMax: number;
  readonly depthMax: number;
}

/** 5,000 files, 64 MiB, 16 folders deep. */
export const FOLDER_LIMITS: FolderLimits = { filesMax: 5_000, bytesMax: 64 * 1024 * 1024, depthMax: 16 };

export interface FolderFile {
  /** Relative to the folder, with `/`. */
  readonly name: string;
  readonly text: string;
}

export interface FolderContents {
  readonly files: readonly FolderFile[];
  /** Files that are there but cannot be used, and why. */
  readonly unreadable: readonly { readonly name: string; readonly reason: Text }[];
  /** Hash of all names and contents, readable or not. */
  readonly hash: string;
}

/** Remembers what was read, by real path. */
export type ReadCache = Map<string, { readonly stamp: string; readonly text: string; readonly hash: string }>;

/** Reads all of it. Throws when the folder itself cannot be read, or holds more than the limits. */
export async function readFolder(folder: string, cache: ReadCache, limits: FolderLimits = FOLDER_LIMITS): Promise<FolderContents> {
  const root = await realpath(folder);
  const names = await documentNames(root, '', 0, limits);
  if (names.length > limits.filesMax)
    throw new Told({ en: `holds more than ${limits.filesMax} documents`, zh: `文档多于 ${limits.filesMax} 个` });
  const files: FolderFile[] = [];
  const unreadable: { name: string; reason: Text }[] = [];
  const sum = createHash('sha256');
  const seen = new Set<string>();
  let bytes = 0;
  for (const name of names) {
    const read = await readOne(root, name, cache, seen).catch((error: unknown) => ({ reason: reasonOf(error) }));
    if ('reason' in read) unreadable.push({ name, reason: read.reason });
    else files.push({ name, text: read.text });
    sum.update(`${name}\0${'reason' in read ? read.reason.en : read.hash}\n`);
    bytes += 'text' in read ? Buffer.byteLength(read.text) : 0;
    if (bytes > limits.bytesMax) {
      const size = formatBytes(limits.bytesMax);
      throw new Told({ en: `holds more than ${size} of documents`, zh: `文档超过 ${size}` });
    }
  }
  for (const file of cache.keys()) if (!seen.has(file)) cache.delete(file);
  return { files, unreadable, hash: sum.digest('hex') };
}

async function documentNames(root: string, below: string, depth: number, limits: FolderLimits): Promise<string[]> {
  if (depth > limits.depthMax)
    throw new Told({ en: `is more than ${limits.depthMax} folders deep`, zh: `目录层级超过 ${limits.depthMax} 层` });
  const found: string[] = [];
  const entries = await readdir(path.join(root, below), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await documentNames(root, name, depth + 1, limits)));
    else if (/\.(ya?ml|json)$/i.test(entry.name)) found.push(name);
    if (found.length > limits.filesMax) break;
  }
  return found;
}

async function readOne(root: string, name: string, cache: ReadCache, seen: Set<string>): Promise<{ text: string; hash: string }> {
  const real = await realpath(path.join(root, name));
  if (!real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) throw new Told(LEADS_OUT);
  seen.add(real);
  const named = await lstat(real, { bigint: true });
  if (!named.isFile()) throw new Told({ en: 'is not a plain file', zh: '不是普通文件' });
  const known = cache.get(real);
  if (known?.stamp === stampOf(named)) return known;
  const handle = await open(real, 'r');
  try {
    const read = await readHandle(handle, named);
    cache.set(real, read);
    return read;
  } finally {
    await handle.close();
  }
}

/** The opened file must be the one that was looked at, and must not grow while it is read. */
async function readHandle(handle: FileHandle, named: BigIntStats): Promise<{ stamp: string; text: string; hash: string }> {
  const before = await handle.stat({ bigint: true });
  if (before.ino !== named.ino || before.dev !== named.dev) throw new Told({ en: 'was replaced while it was read', zh: '读取时被替换' });
  if (before.size > BigInt(PARSE_LIMITS.bytesMax))
    throw new Told(tell({ en: 'is larger than {size}', zh: '大于 {size}' }, { size: formatBytes(PARSE_LIMITS.bytesMax) }));
  const bytes = Buffer.alloc(Number(before.size) + 1);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  if (bytesRead !== Number(before.size)) throw new Told({ en: 'changed while it was read', zh: '读取时发生了变化' });
  const content = bytes.subarray(0, bytesRead);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  return { stamp: stampOf(before), text, hash: createHash('sha256').update(content).digest('hex') };
}

function stampOf(stat: BigIntStats): string {
  return `${stat.dev}/${stat.ino}/${stat.size}/${stat.mtimeNs}/${stat.ctimeNs}`;
}

const LEADS_OUT: Text = { en: 'is a link that leads out of the folder', zh: '是指向文件夹之外的链接' };

function reasonOf(error: unknown): Text {
  const { code, name } = error as NodeJS.ErrnoException;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA' || name === 'TypeError') return { en: 'is not UTF-8 text', zh: '不是 UTF-8 文本' };
  return code ? { en: `cannot be read (${code})`, zh: `无法读取（${code}）` } : wordsOf(error);
}
