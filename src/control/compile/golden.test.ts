/**
 * Aim: what people write becomes exactly these entries; a change of the compile step shows as a change of a
 * golden file. Method: test/golden/revision/*.yaml applied with a fixed key; UPDATE_GOLDEN=1 writes them anew.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openWorld, until } from '../../../test/control/world.ts';
import type { AnyEntry } from '../../sdk/revision.ts';

const folder = path.resolve(import.meta.dirname, '../../../test/golden/revision');
const update = process.env['UPDATE_GOLDEN'] === '1';

for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
  test(`${name} compiles to its entries`, async (t) => {
    const w = await openWorld({ master: Buffer.alloc(32, 7) });
    t.after(() => w.end());
    const db = new DatabaseSync(path.join(w.files, 'erp.db'));
    db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, status TEXT NOT NULL, total TEXT)');
    db.close();
    const applied = await w.apply(readFileSync(path.join(folder, name), 'utf8'));
    assert.deepEqual(
      applied.results.flatMap((result) => result.problems),
      [],
    );
    const pending = async () => (await w.resources.list({ limit: 1000 })).items.filter((item) => item.status.state === 'pending');
    await until(async () => (await pending()).length === 0, 'every resource is ready');
    const entries = [...w.publisher.deltaFor('gateway', 0, undefined).put, ...w.publisher.deltaFor('worker', 0, undefined).put];
    const unique = [...new Map(entries.map((entry) => [entry.key, entry])).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    const text = `${JSON.stringify(unique.map(shown), null, 1)}\n`;
    const golden = path.join(folder, name.replace('.yaml', '.entries.json'));
    if (update) writeFileSync(golden, text);
    assert.ok(existsSync(golden), `${golden} is missing: run with UPDATE_GOLDEN=1`);
    assert.equal(text, readFileSync(golden, 'utf8'), `${name}: run with UPDATE_GOLDEN=1 if the change is meant`);
  });
}

/** Secrets and keys stay out of golden files; their hashes show that they are there. */
function shown(entry: AnyEntry): unknown {
  const hidden = JSON.stringify(entry, (key, value: unknown) => (key === 'password' || key === 'cursorKey' ? '(hidden)' : value));
  return JSON.parse(hidden);
}
