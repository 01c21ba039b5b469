/**
 * Aim: the console is small at first and asks nobody outside. Method: build it as `npm start` does, follow the static
 * imports of entry and first page through Vite's manifest, sum their gzip sizes; look for addresses of other hosts.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ensureConsole } from '../../bin/console.cjs';

const FIRST_PAINT_BYTES_MAX = 250_000;
const root = path.resolve(import.meta.dirname, '../..');
const built = path.join(root, 'console', 'dist');

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
  readonly css?: readonly string[];
}

before(async () => assert.equal(await ensureConsole(root), null));

const manifest = () => JSON.parse(readFileSync(path.join(built, 'manifest.json'), 'utf8')) as Record<string, Chunk>;

/** Files a chunk needs before it runs. */
function closure(chunks: Record<string, Chunk>, start: string, found = new Set<string>()): Set<string> {
  const chunk = chunks[start]!;
  if (found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const file of chunk.css ?? []) found.add(file);
  for (const name of chunk.imports ?? []) closure(chunks, name, found);
  return found;
}

const zippedBytes = (files: Iterable<string>) =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(path.join(built, file)), { level: 9 }).length, 0);

test('the first paint needs at most 250 kB gz', (t) => {
  const first = closure(manifest(), 'index.html');
  for (const file of ['index.html', 'first-paint.js']) first.add(file);
  const bytes = zippedBytes(first);
  t.diagnostic(`first paint: ${bytes} bytes gz in ${first.size} files`);
  assert.ok(bytes <= FIRST_PAINT_BYTES_MAX, `${bytes} bytes gz: ${[...first].join(', ')}`);
});

test('charts, editors and the docs viewer are in chunks of their own', () => {
  const first = [...closure(manifest(), 'index.html')].map((file) => readFileSync(path.join(built, file), 'utf8')).join('\n');
  for (const heavy of ['CodeMirror', 'echarts', 'SwaggerUI']) assert.ok(!first.includes(heavy), `${heavy} is loaded at first`);
});

test('every page is a chunk of its own', () => {
  const chunks = manifest();
  const pages = readdirSync(path.join(root, 'console', 'src', 'pages'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.ok(pages.length > 2);
  const lazy = Object.keys(chunks).filter((name) => name.startsWith('src/pages/') && name.endsWith('-page.tsx'));
  const first = closure(chunks, 'index.html');
  assert.ok(lazy.length >= pages.length, `${lazy.length} page chunks of ${pages.length} folders`);
  for (const name of lazy) assert.ok(!first.has(chunks[name]!.file), `${name} is loaded at first`);
});

test('the page itself names no other host', () => {
  const page = readFileSync(path.join(built, 'index.html'), 'utf8');
  assert.deepEqual(page.match(/(?:src|href)="(?:https?:)?\/\/[^"]*"/g) ?? [], []);
  const styles = readdirSync(path.join(built, 'assets')).filter((name) => name.endsWith('.css'));
  for (const name of styles) {
    const text = readFileSync(path.join(built, 'assets', name), 'utf8');
    assert.deepEqual(text.match(/(?:@import|url\()\s*["']?(?:https?:)?\/\/[^)"']*/g) ?? [], [], name);
  }
});
