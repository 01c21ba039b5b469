/**
 * Aim: a warm thread does what a new one does, with the data and the configuration of the moment it is needed; one that
 * ended is not handed out; those left over end. Method: real threads of a small entry that answers what it was given.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { setEnvironmentData, type Worker } from 'node:worker_threads';
import type { Log } from '../base/log.ts';
import { createWarmThreads } from './warm-threads.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-warm-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Counts its loads; answers what it began with, then every message. */
function entryOf(name: string): URL {
  const file = path.join(folder, `${name}.ts`);
  const entry = new URL('./entry.ts', import.meta.url).href;
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads';
import { whenNeeded } from '${entry}';
let warmed = false;
whenNeeded((data, config) => {
  parentPort.on('message', (message) => parentPort.postMessage(message));
  parentPort.postMessage({ data, config, warmed });
}, () => (warmed = true));
`,
  );
  return pathToFileURL(file);
}

const lines: string[] = [];
const log: Log = { debug() {}, info() {}, warn: (message) => void lines.push(message), error() {}, with: () => log };
const next = async (worker: Worker): Promise<unknown> => ((await once(worker, 'message')) as unknown[])[0];

test('warm and new threads begin with the same, and what is sent next arrives after it', async () => {
  const warm = createWarmThreads(log);
  const entry = entryOf('same');
  const resourceLimits = { maxYoungGenerationSizeMb: 12 };
  warm.add(entry, 'one', resourceLimits);
  const config = { dataFolder: '/data', fileRoots: ['/files'], logLevel: 'info', ownPorts: [8080] };
  setEnvironmentData('weir-thread-config', config); // Later than the warm thread: its own copy has none of it.
  for (const [name, warmed] of [
    ['one', true],
    ['two', false],
  ] as const) {
    const worker = warm.newThread(entry, { workerData: { name, counters: new SharedArrayBuffer(4) }, name, resourceLimits });
    assert.equal(worker.resourceLimits?.maxYoungGenerationSizeMb, 12);
    const seen: unknown[] = [];
    const both = new Promise<void>((resolve) => worker.on('message', (message) => void (seen.push(message) === 2 && resolve())));
    worker.postMessage('hello', []);
    await both;
    assert.deepEqual(seen, [{ data: { name, counters: new SharedArrayBuffer(4) }, config, warmed }, 'hello']);
    await worker.terminate();
  }
});

test('a warm thread that ended is told of and not handed out; those left over end with close', async () => {
  const warm = createWarmThreads(log);
  const broken = path.join(folder, 'broken.ts');
  writeFileSync(broken, 'throw new Error("broken");');
  warm.add(pathToFileURL(broken), 'broken');
  while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(lines, ['a thread that waited ended']);
  const entry = entryOf('left');
  const fresh = warm.newThread(pathToFileURL(broken), { workerData: {}, name: 'fresh' });
  const [error] = (await once(fresh, 'error')) as [Error];
  assert.equal(error.message, 'broken', 'a new one was started in its place');
  warm.add(entry, 'left');
  warm.close();
  warm.add(entry, 'late');
  const later = warm.newThread(entry, { workerData: 'new', name: 'later' });
  assert.equal(((await next(later)) as { warmed: boolean }).warmed, false);
  await later.terminate();
});
