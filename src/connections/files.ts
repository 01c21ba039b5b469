/**
 * The guard of files: a path people wrote may only lead into the allowed folders, whatever symbolic links
 * lie on the way, and never into the data directory. Checked on the name, then on the opened descriptor.
 */
import { type BigIntStats, existsSync, fstatSync, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Text } from '../base/text.ts';
import problems from './problems.ts';

export interface FileGuard {
  /** See `ConnectorTools.resolveFile`. */
  resolve(file: string, mode: 'read' | 'write'): Promise<string>;
  /** See `ConnectorTools.recheckFile`. */
  recheck(descriptor: number, realPath: string): void;
}

/** Makes the guard. `roots` and `dataFolder` are absolute; a root that does not exist (yet) allows nothing. */
export function fileGuard(settings: { readonly roots: readonly string[]; readonly dataFolder: string }): FileGuard {
  const dataFolder = real(settings.dataFolder);
  const inside = (folder: string, file: string) =>
    file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
  const refuseOutside = (file: string, found: string): string => {
    const roots = settings.roots.map(real);
    if (inside(dataFolder, found)) throw refuse(file, { en: 'it is in Weir’s own data folder', zh: '它位于 Weir 自己的数据目录中' });
    if (!roots.some((root) => inside(root, found) && root !== found)) throw refuse(file, OUTSIDE);
    return found;
  };
  return {
    async resolve(file, mode) {
      if (file.includes('\0')) throw refuse(file.replaceAll('\0', '?'), { en: 'its name holds a NUL character', zh: '文件名含 NUL 字符' });
      let firstRefusal: unknown;
      for (const candidate of path.isAbsolute(file) ? [file] : settings.roots.map((root) => path.join(root, file))) {
        try {
          const found = refuseOutside(file, await realpath(candidate));
          refuseSpecial(file, found);
          return found;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ENOTDIR')
            firstRefusal ??= error;
        }
      }
      if (firstRefusal !== undefined) throw firstRefusal;
      if (mode === 'read') throw problems.raise['file-missing']({ values: { file } });
      return newFile(file, settings.roots, refuseOutside);
    },
    recheck(descriptor, realPath) {
      const opened = fstatSync(descriptor, { bigint: true });
      const named = identity(realPath);
      if (!opened.isFile() || !named || named.ino !== opened.ino || named.dev !== opened.dev)
        throw refuse(path.basename(realPath), { en: 'it changed while it was opened', zh: '打开时文件发生了变化' });
      // Linux says what the descriptor truly is; elsewhere the path must still resolve to itself.
      const descriptorLink = `/proc/self/fd/${descriptor}`;
      const truly = existsSync(descriptorLink) ? readlinkSync(descriptorLink) : realpathSync(realPath);
      refuseOutside(path.basename(realPath), truly);
    },
  };
}

/** A file that a sink will make: its folder must be there and allowed, and the name must not be a dangling link. */
async function newFile(file: string, roots: readonly string[], refuseOutside: (file: string, found: string) => string): Promise<string> {
  const first = path.isAbsolute(file) ? file : roots[0] === undefined ? undefined : path.join(roots[0], file);
  if (first === undefined)
    throw refuse(file, { en: 'no folder is allowed; list one under `files.roots`', zh: '没有允许的目录；请在 `files.roots` 中列出' });
  const folder = await realpath(path.dirname(first)).catch(() => undefined);
  if (folder === undefined) throw refuse(file, { en: 'its folder does not exist', zh: '所在目录不存在' });
  const found = path.join(folder, path.basename(first));
  // A plain file here was made by somebody else a moment ago: as good as one made now.
  if (lstatSync(found, { throwIfNoEntry: false })?.isSymbolicLink()) throw refuse(file, DANGLING);
  return refuseOutside(file, found);
}

function refuseSpecial(file: string, found: string): void {
  if (!statSync(found).isFile()) throw refuse(file, { en: 'it is not a plain file', zh: '它不是普通文件' });
}

const OUTSIDE: Text = { en: 'it is outside of the folders of `files.roots`', zh: '它不在 `files.roots` 的目录内' };
const DANGLING: Text = { en: 'it is a link that leads nowhere', zh: '它是一个无效的链接' };

function refuse(file: string, reason: Text): Error {
  return problems.raise['file-refused']({ values: { file, reason } });
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return path.resolve(folder);
  }
}

function identity(file: string): BigIntStats | undefined {
  const found = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return found?.isFile() ? found : undefined;
}
