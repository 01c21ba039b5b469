/**
 * What it costs control to store a call and to search what is stored: batches as gateways make them, through the store's own table.
 * Prints CPU of all threads per call, bytes a call takes on the disk, and milliseconds of searches over all that is stored.
 * Run: node bench/call-store.ts [calls] [calls of a batch]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { idGenerator } from '../src/base/id.ts';
import { seededRandom, systemRandom } from '../src/base/random.ts';
import type { CallRecord } from '../src/sdk/call-record.ts';
import { openStore } from '../src/store/store.ts';
import type { CallFilter } from '../src/store/types.ts';
import { packedCalls } from '../test/calls.ts';

const calls = Number(process.argv[2] ?? 500_000);
const size = Number(process.argv[3] ?? 2000);
const folder = mkdtempSync(path.join(tmpdir(), 'weir-call-store-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const newId = idGenerator(systemClock, systemRandom);
const store = await openStore({ file: path.join(folder, 'store.db'), clock: systemClock, newId });
const random = seededRandom(1);
const from = Date.now() - calls;

function callOf(i: number): CallRecord {
  const id = newId();
  return {
    id,
    time: from + i,
    project: 'default',
    consumer: `consumer-${i % 50}`,
    clientAddress: `192.0.2.${i % 250}`,
    route: `route-${i % 1000}`,
    method: 'GET',
    protocol: 'http/1.1',
    path: `/route-${i % 1000}/v1/items/${i}`,
    release: 'r'.repeat(16),
    status: i % 50 ? 200 : 500,
    reason: '',
    durationMs: random.integer(5000) / 1000,
    upstreamMs: random.integer(1000) / 1000,
    requestBytes: 0,
    responseBytes: 200,
    traceId: id.replaceAll('-', ''),
  };
}

let us = 0;
for (let at = 0; at < calls; at += size) {
  const batch = packedCalls(Array.from({ length: size }, (_, i) => callOf(at + i)));
  const before = process.cpuUsage();
  await store.calls.add([batch]);
  const { user, system } = process.cpuUsage(before);
  us += user + system;
}
process.stdout.write(`${calls} calls in batches of ${size}, load ${loadavg()[0]!.toFixed(1)}, Node ${process.versions.node}\n`);
process.stdout.write(
  `stored: ${(us / calls).toFixed(2)} µs of CPU and ${Math.round(statSync(path.join(folder, 'calls.db')).size / calls)} bytes a call\n`,
);
const newest = (await store.calls.search({ limit: 1 }))[0]!;
const searches: Readonly<Record<string, Omit<CallFilter, 'limit'>>> = {
  newest: {},
  'one id': { id: newest.id },
  'one trace': { traceId: newest.traceId },
  'one route': { route: 'route-7' },
  'a method nobody used': { method: 'DELETE' },
  'a path nobody asked for': { path: '/none' },
  'a status nobody got': { status: 418 },
  longest: { order: { by: 'duration', descending: true } },
};
for (const [name, filter] of Object.entries(searches)) {
  const begun = performance.now();
  await store.calls.search({ ...filter, limit: 50 });
  process.stdout.write(`${name}: ${(performance.now() - begun).toFixed(1)} ms\n`);
}
await store.close();
