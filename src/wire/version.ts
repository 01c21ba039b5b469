/** The version of this Weir, from package.json. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Root of the checkout or of the installed package. */
export const root = path.resolve(
  import.meta.dirname,
  existsSync(path.resolve(import.meta.dirname, '../../package.json')) ? '../..' : '../../..',
);

export const version: string = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;

/** Where the console's built files are, when they are. */
export const consoleFolder = path.join(root, 'console', 'dist');
