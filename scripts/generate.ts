/**
 * Writes everything that is made from the code: `npm run generate`. With `--check` it writes nothing
 * and fails when a committed file differs. Static lists first (they name files only), then what is
 * read from the loaded components.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { renderLists } from './generate/lists.ts';
import { generatedFolders, listFiles } from './generate/files.ts';

const root = path.resolve(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const wrong: string[] = [];
const kept = new Set<string>();

function put(file: string, content: string): void {
  const at = path.join(root, file);
  kept.add(file);
  let have: string | undefined;
  try {
    have = readFileSync(at, 'utf8');
  } catch {
    // Not there yet.
  }
  if (have === content) return;
  if (check) wrong.push(file);
  else {
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, content);
    process.stdout.write(`wrote ${file}\n`);
  }
}

for (const [file, content] of renderLists(root)) put(file, content);
if (wrong.length === 0) {
  const { renderDocuments } = await import('./generate/documents.ts');
  for (const [file, content] of await renderDocuments()) put(file, content);
  for (const file of generatedFolders.flatMap((folder) => listFiles(root, folder))) {
    if (kept.has(file)) continue;
    if (check) wrong.push(`${file} (no longer generated)`);
    else rmSync(path.join(root, file));
  }
}
if (wrong.length > 0) {
  process.stderr.write(`Generated files differ from the code; run "npm run generate" and commit:\n  ${wrong.join('\n  ')}\n`);
  process.exitCode = 1;
}
