/**
 * Aim: set-up installs only when the lock file changed, and never under a running instance.
 * Method: bin/setup.cjs on made-up checkouts; a socket stands for the running instance, as the supervisor opens it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
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
