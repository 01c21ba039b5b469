/**
 * Opens SQLite files safely: only where the guards allow, never with ATTACH or extensions, exact integers.
 * In: a file as people name it. Out: a handle on exactly the file that was checked.
 */
import { closeSync, constants as flags, fstatSync, openSync, statSync } from 'node:fs';
import { constants, DatabaseSync } from 'node:sqlite';
import { type ConnectorTools, Problem, verbatim } from '../../../sdk/index.ts';
import type { SqliteConfig, sqliteProblems, SqliteProblems } from './config.ts';

export type SqliteTools = ConnectorTools<typeof sqliteProblems>;

export interface SqliteFile {
  readonly database: DatabaseSync;
  readonly path: string;
  /** Closes the handle. Safe to call twice. */
  close(): void;
}

/** Errors of SQLite carry its extended result code. Source: sqlite.org/rescode.html. */
export interface SqliteError extends Error {
  readonly errcode?: number;
}

const BUSY_MS = 2_000;

/**
 * One guard descriptor per file, shared by all handles of this process and closed after the last: closing
 * any descriptor of a file drops all POSIX locks the process holds on it, SQLite's own too.
 * Source: sqlite.org/howtocorrupt.html §2.2.
 */
const guards = new Map<string, { readonly descriptor: number; uses: number }>();

/** Opens for reading (read-only, `query_only`), or for writing (made when missing). */
export async function openFile(config: SqliteConfig, tools: SqliteTools, mode: 'read' | 'write'): Promise<SqliteFile> {
  const path = await tools.resolveFile(config.file, mode);
  const release = guard(path, config, tools, mode);
  try {
    const database = new DatabaseSync(path, {
      readOnly: mode === 'read',
      allowExtension: false,
      timeout: mode === 'read' ? BUSY_MS : 0,
      readBigInts: true,
      returnArrays: true,
      enableDoubleQuotedStringLiterals: false,
    });
    harden(database, mode);
    let open = true;
    const close = () => {
      if (!open) return;
      open = false;
      database.close();
      release();
    };
    try {
      database.prepare('SELECT count(*) FROM sqlite_schema').get();
      return { database, path, close };
    } catch (error) {
      close();
      throw error;
    }
  } catch (error) {
    release();
    throw toProblem(error, tools.problems, { file: config.file });
  }
}

function harden(database: DatabaseSync, mode: 'read' | 'write'): void {
  database.enableDefensive(true);
  database.exec(`PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON${mode === 'read' ? '; PRAGMA query_only = ON' : ''}`);
  database.setAuthorizer((action) =>
    action === constants.SQLITE_ATTACH || action === constants.SQLITE_DETACH ? constants.SQLITE_DENY : constants.SQLITE_OK,
  );
}

/** Holds a descriptor that was checked to be the allowed file; answers how to let go of it. */
export function guard(path: string, config: SqliteConfig, tools: SqliteTools, mode: 'read' | 'write'): () => void {
  let held = guards.get(path);
  if (!held) {
    held = { descriptor: openGuard(path, config, tools, mode), uses: 0 };
    guards.set(path, held);
  }
  const mine = held;
  mine.uses++;
  let released = false;
  const release = () => {
    if (released) return;
    released = true;
    if (--mine.uses > 0) return;
    guards.delete(path);
    closeSync(mine.descriptor);
  };
  try {
    tools.recheckFile(mine.descriptor, path);
    const now = statSync(path);
    const then = fstatSync(mine.descriptor);
    if (now.ino !== then.ino || now.dev !== then.dev) throw tools.problems['file-replaced']({ values: { file: config.file } });
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

function openGuard(path: string, config: SqliteConfig, tools: SqliteTools, mode: 'read' | 'write'): number {
  const access = mode === 'read' ? flags.O_RDONLY : flags.O_RDWR | flags.O_CREAT;
  try {
    return openSync(path, access | (flags.O_NOFOLLOW ?? 0), 0o600);
  } catch (error) {
    throw toProblem(error, tools.problems, { file: config.file });
  }
}

/** The problem that stands for an error of SQLite or the file system. */
export function toProblem(error: unknown, problems: SqliteProblems, about: { file: string; stream?: string }): unknown {
  if (!(error instanceof Error) || error instanceof Problem || error.name === 'AssertionFailure') return error;
  const { errcode = 0, message } = error as SqliteError;
  const system = (error as { code?: string }).code ?? '';
  const values = { ...about, reason: verbatim(message) };
  const gone = /^no such (table|column): (.+)$/.exec(message);
  if (system === 'ENOENT') return problems['file-missing']({ values, cause: error });
  if (system === 'ENOSPC' || errcode % 256 === 13 || errcode === 4874) return problems['disk-full']({ values, cause: error });
  if (system === 'EACCES' || system === 'EPERM' || system === 'EROFS' || errcode % 256 === 8)
    return problems['permission-denied']({ values, cause: error });
  if (errcode % 256 === 5 || errcode % 256 === 6) {
    return problems['server-busy']({
      values: { reason: { en: 'another program is writing the file', zh: '另一个程序正在写该文件' } },
      cause: error,
    });
  }
  if (errcode % 256 === 26 || errcode % 256 === 11) return problems['not-a-database']({ values, cause: error });
  if (gone && about.stream) return problems[gone[1] === 'table' ? 'stream-gone' : 'column-gone']({ values, cause: error });
  return problems['server-error']({ values, cause: error });
}

/** An identifier, quoted. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A list of quoted identifiers, each behind an optional alias. */
export function quoteList(names: readonly string[], alias = ''): string {
  return names.map((name) => `${alias}${quoteName(name)}`).join(', ');
}
