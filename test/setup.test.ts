/**
 * Aim: set-up installs only when the lock file changed, and never under a running instance; the console is built only
 * when what it is made of changed, and a build that fails takes nothing away. Method: bin/setup.cjs and bin/console.cjs
 * on made-up checkouts; a socket stands for the running instance, as the supervisor opens it, a script for the build tool.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { ensureConsole } from '../bin/console.cjs';
import { markRunning } from '../src/supervisor/marker.ts';

const { ensureInstalled } = createRequire(import.meta.url)('../bin/setup.cjs') as { ensureInstalled(root: string): Promise<string | null> };
const LOCK = '{ "lockfileVersion": 3 }\n';

function checkout(t: TestContext, stamp: string): string {
  const root = mkdtempSync(path.join(tmpdir(), 'weir-setup-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(path.join(root, 'node_modules'));
  writeFileSync(path.join(root, 'package-lock.json'), LOCK);
  writeFileSync(path.join(root, 'node_modules', '.weir-lock-hash'), stamp);
  return root;
}

test('an unchanged lock file installs nothing', async (t) => {
  const root = checkout(t, createHash('sha256').update(LOCK).digest('hex'));
  assert.equal(await ensureInstalled(root), null);
  assert.equal(existsSync(path.join(root, '.weir-install-lock')), false);
});

test('a changed lock file under a running instance is refused, and nothing is touched', async (t) => {
  const root = checkout(t, 'another');
  const unmark = markRunning(root, process.pid);
  assert.match((await ensureInstalled(root))!, /Weir is running from this checkout; stop it/);
  unmark();
});

test('a marker of a dead instance is cleared away, and a failed installation says so', async (t) => {
  const root = checkout(t, 'another');
  mkdirSync(path.join(root, 'node_modules', '.weir-running'));
  writeFileSync(path.join(root, 'node_modules', '.weir-running', '1.sock'), '');
  assert.match((await ensureInstalled(root))!, /npm ci failed/, 'the made-up lock file fits no package.json');
  assert.equal(existsSync(path.join(root, 'node_modules', '.weir-running', '1.sock')), false);
  assert.equal(existsSync(path.join(root, '.weir-install-lock')), false);
});

/** A checkout whose build tool copies `console/src/page` as the page, and fails where that says "broken". */
function withConsole(t: TestContext): { root: string; page(text: string): void; served(): string } {
  const root = checkout(t, '');
  const put = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  for (const name of ['generated/client.ts', 'console/package.json', 'console/index.html', 'console/vite.config.ts', 'console/public/icon'])
    put(name, '');
  put(
    'node_modules/vite/bin/vite.js',
    `const fs = require('node:fs'); const page = fs.readFileSync('src/page', 'utf8');
     if (page === 'broken') { console.error('no such page'); process.exit(3); }
     fs.mkdirSync('dist-new', { recursive: true }); fs.writeFileSync('dist-new/index.html', page);
     fs.appendFileSync('../built', page + ' ');`,
  );
  return {
    root,
    page: (text) => put('console/src/page', text),
    served: () => readFileSync(path.join(root, 'console', 'dist', 'index.html'), 'utf8'),
  };
}

test('the console is built once for what it is made of, also under a running instance, and by one at a time', async (t) => {
  const { root, page, served } = withConsole(t);
  page('one');
  const unmark = markRunning(root, process.pid);
  assert.deepEqual(await Promise.all([ensureConsole(root), ensureConsole(root)]), [null, null]);
  assert.equal(await ensureConsole(root), null);
  page('two');
  assert.equal(await ensureConsole(root), null);
  unmark();
  assert.equal(served(), 'two');
  assert.equal(readFileSync(path.join(root, 'built'), 'utf8'), 'one two ');
});

test('a console that cannot be built says why and what is served instead; the next start tries again', async (t) => {
  const { root, page, served } = withConsole(t);
  page('broken');
  assert.equal(await ensureConsole(root), 'the console is not served: its build ended with 3: no such page');
  page('one');
  assert.equal(await ensureConsole(root), null);
  page('broken');
  assert.match((await ensureConsole(root))!, /^the console is an older build: its build ended with 3/);
  assert.equal(served(), 'one');
  rmSync(path.join(root, 'console', 'index.html'));
  assert.match((await ensureConsole(root))!, /^the console is an older build: ENOENT.*index\.html/);
  assert.equal(existsSync(path.join(root, '.weir-install-lock')), false);
});
