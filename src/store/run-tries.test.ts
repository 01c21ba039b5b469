/** Aim: the tries of one run are told from other runs of its pipeline. Method: a real store, runs ended one after the other. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { idGenerator } from '../base/id.ts';
import { seededRandom } from '../base/random.ts';
import { openStore } from './store.ts';

test('the tries of a run are found, whichever other runs its pipeline had', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-tries-'));
  const clock = manualClock(1_000_000);
  const store = await openStore({ file: path.join(folder, 'store.db'), clock, newId: idGenerator(clock, seededRandom(1)) });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const one = async (more: object) => {
    const base = { project: 'default', pipeline: 'p', release: 'r', trigger: 'manual' as const, attempt: 1, attemptsMax: 3 };
    const run = (await store.runs.enqueue({ ...base, dueAt: 0, requestedBy: 'me', overlap: 'queue', ...more }))!;
    await store.runs.finish((await store.runs.claim('w', 1000))!, 'failed', [], null);
    return run.id;
  };
  const first = await one({});
  const other = await one({});
  const second = await one({ attempt: 2, retryOf: first });
  const idsOf = async (triesOf: string) => (await store.runs.list({ pipeline: 'p', triesOf, limit: 10 })).map(({ id }) => id).sort();
  assert.deepEqual(await idsOf(first), [first, second].sort());
  assert.deepEqual(await idsOf(other), [other]);
});
