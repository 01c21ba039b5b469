/** Aim: `doctor` says of a master key file what a start would say. Method: real files of every sort, judged offline. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { examineFiles } from './doctor.ts';

const dataFolder = mkdtempSync(path.join(tmpdir(), 'weir-doctor-'));
after(() => rmSync(dataFolder, { recursive: true, force: true }));
const good = `${randomBytes(32).toString('base64')}\n`;

const found = (masterKeyFile: string) =>
  examineFiles({ dataFolder, fileRoots: [], masterKeyFile }).find(({ check }) => check === 'master-key')!;
function file(name: string, text: string, mode: number): string {
  const at = path.join(dataFolder, name);
  rmSync(at, { force: true });
  writeFileSync(at, text, { mode });
  return at;
}

test('a key that was named may be read by its group; Weir’s own may not, and neither by everybody', () => {
  assert.equal(found(file('given.key', good, 0o440)).level, 'ok');
  assert.equal(found(file('given.key', good, 0o444)).level, 'failed');
  assert.equal(found(file('master.key', good, 0o600)).level, 'ok');
  const open = found(file('master.key', good, 0o640));
  assert.equal(open.level, 'failed');
  assert.match(open.detail.en, /mode must be 0600/);
});

test('a key file that holds no key is told, in both languages and without what it holds', () => {
  for (const text of ['', 'canary', `${randomBytes(16).toString('base64')}\n`]) {
    const { level, detail } = found(file('master.key', text, 0o600));
    assert.equal(level, 'failed');
    assert.match(detail.en, /must hold 32 bytes in base64/);
    assert.match(detail.zh, /主密钥/);
    assert.doesNotMatch(JSON.stringify(detail), /canary/);
  }
});

test('a key that is missing: Weir makes its own at the first start, and never one that was named', () => {
  rmSync(path.join(dataFolder, 'master.key'), { force: true });
  assert.equal(found(path.join(dataFolder, 'master.key')).level, 'warning');
  assert.equal(found(path.join(dataFolder, 'elsewhere.key')).level, 'failed');
  writeFileSync(path.join(dataFolder, 'store.db'), '');
  assert.match(found(path.join(dataFolder, 'master.key')).detail.en, /is gone: put it back/);
});
