/**
 * The guard of files: a path people wrote may only lead into the allowed folders, whatever symbolic links
 * lie on the way, and never into the data directory. Checked on the name, then on the opened descriptor.
 */
import { type BigIntStats, existsSync, fstatSync, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
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
    if (inside(dataFolder, found)) throw refuse(file, 'it is in Weir’s own data folder');
    if (!roots.some((root) => inside(root, found) && root !== found)) throw refuse(file, 'it is outside of the folders of `files.roots`');
    return found;
  };
  return {
    async resolve(file, mode) {
      if (file.includes('\0')) throw refuse(file.replaceAll('\0', '?'), 'its name holds a NUL character');
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
        throw refuse(path.basename(realPath), 'it changed while it was opened');
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
  if (first === undefined) throw refuse(file, 'no folder is allowed; list one under `files.roots`');
  const folder = await realpath(path.dirname(first)).catch(() => undefined);
  if (folder === undefined) throw refuse(file, 'its folder does not exist');
  const found = path.join(folder, path.basename(first));
  // A plain file here was made by somebody else a moment ago: as good as one made now.
  if (lstatSync(found, { throwIfNoEntry: false })?.isSymbolicLink()) throw refuse(file, 'it is a link that leads nowhere');
  return refuseOutside(file, found);
}

function refuseSpecial(file: string, found: string): void {
  if (!statSync(found).isFile()) throw refuse(file, 'it is not a plain file');
}

function refuse(file: string, reason: string): Error {
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
