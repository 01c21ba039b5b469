/** Finding the files that lists are made from. Paths are relative to the root, with `/`, sorted. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Folders that hold generated files only: anything else in them is removed. */
export const generatedFolders = ['generated', 'docs/reference'] as const;

/** All files below `folder`, recursively. */
export function listFiles(root: string, folder: string): string[] {
  const at = path.join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name).replaceAll(path.sep, '/'))
    .filter((file) => statSync(path.join(root, file)).isFile())
    .sort();
}

/** The modules of an extension folder: `<id>.ts` or `<id>/index.ts`. */
export function componentFiles(root: string, folder: string): { id: string; file: string }[] {
  const at = path.join(root, folder);
  if (!existsSync(at)) return [];
  const found: { id: string; file: string }[] = [];
  for (const entry of readdirSync(at, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) {
      const index = `${folder}/${entry.name}/index.ts`;
      if (existsSync(path.join(root, index))) found.push({ id: entry.name, file: index });
    } else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')) {
      found.push({ id: entry.name.slice(0, -3), file: `${folder}/${entry.name}` });
    }
  }
  return found;
}
