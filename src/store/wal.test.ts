// Aim: whoever opens a new store together with others gets it. Method: SQLite's answer to a turn that another is making, given
// so often and then no more; a real file whose lock another connection holds stays refused.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { useWal } from './wal.ts';

test('is tried again while others turn the file, bounded, and for nothing else', () => {
  const fails = (times: number, errcode: number) => {
    let asked = 0;
    const exec = (): void => {
      if (asked++ < times) throw Object.assign(new Error('no'), { errcode });
    };
    return { exec, asked: () => asked };
  };
  const busy = fails(3, 5);
  useWal(busy, 'x');
  assert.equal(busy.asked(), 4);
  const recovering = fails(1, 5 + 256); // SQLITE_BUSY_RECOVERY
  useWal(recovering, 'x');
  assert.equal(recovering.asked(), 2);
  const damaged = fails(1, 11);
  assert.throws(() => useWal(damaged, 'x'), { errcode: 11 });
  assert.equal(damaged.asked(), 1);
});

test('a lock that is never given back is told', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-wal-'));
  const [one, other] = [new DatabaseSync(path.join(folder, 'a.db')), new DatabaseSync(path.join(folder, 'a.db'))];
  t.after(() => {
    one.close();
    other.close();
    rmSync(folder, { recursive: true, force: true });
  });
  one.exec('BEGIN IMMEDIATE');
  let tries = 0;
  const counted = { exec: (sql: string) => (tries++, other.exec(sql)) };
  assert.throws(() => useWal(counted, 'PRAGMA journal_mode = WAL', 3), { errcode: 5 });
  assert.equal(tries, 4);
});
