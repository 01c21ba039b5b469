/** A thread of the exactness test: takes from shared buckets as fast as it can and reports what it was allowed. */
import { parentPort, workerData } from 'node:worker_threads';
import { openCounters } from './shared-counters.ts';

const { buffer, gate, takes, keys, shapes } = workerData as {
  buffer: SharedArrayBuffer;
  gate: SharedArrayBuffer;
  takes: number;
  keys: number;
  shapes: { limit: number; windowMs: number; burst: number }[];
};
const counters = openCounters(buffer, () => 1000);
const start = new Int32Array(gate);
Atomics.add(start, 1, 1);
Atomics.notify(start, 1);
Atomics.wait(start, 0, 0, 30_000);
const allowed = Array.from({ length: keys }, () => 0);
for (let i = 0; i < takes; i++) {
  const key = i % keys;
  if (counters.take('exact', `key-${key}`, shapes[key % shapes.length]!).allowed) allowed[key]!++;
}
parentPort!.postMessage(allowed, []);
