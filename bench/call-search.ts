/**
 * Whether searches of calls hold up the rest of the admin API on SQLite. Fills a store with calls, then asks for
 * `/api/v1/session` every 20 ms from another thread, alone and while two searchers look for what no index answers and
 * an overview sums calls. Run: node bench/call-search.ts [calls] [seconds]. Prints milliseconds.
 */
import { loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { API_PREFIX } from '../src/control/api/operation.ts';
import type { CallRecord } from '../src/sdk/call-record.ts';
import { storeCalls } from '../test/calls.ts';
import { startTestControl } from '../test/control-role.ts';

const calls = Number(process.argv[2] ?? 500_000);
const seconds = Number(process.argv[3] ?? 15);
const SEARCHES = ['path=/none', 'status=418', 'clientAddress=192.0.2.1', 'slowerThan=10000'];

interface Asker {
  readonly address: string;
  readonly token: string;
  readonly paths: readonly string[];
  readonly pauseMs: number;
  readonly seconds: number;
}

/** Asks one after the other; tells how long each took. */
async function ask({ address, token, paths, pauseMs, seconds: longest }: Asker): Promise<number[]> {
  const times: number[] = [];
  const from = performance.now();
  for (let i = 0; performance.now() - from < longest * 1000; i++) {
    const begun = performance.now();
    const answer = await fetch(address + paths[i % paths.length]!, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(text);
    times.push(performance.now() - begun);
    await delay(pauseMs);
  }
  return times;
}

function asker(data: Asker): Promise<number[]> {
  return new Promise((resolve, reject) =>
    new Worker(new URL(import.meta.url), { workerData: data }).on('message', resolve).on('error', reject),
  );
}

const callOf = (i: number): CallRecord => ({
  id: `01999999-0000-7000-8000-${String(i).padStart(12, '0')}`,
  time: Date.now() - (calls - i) * 5,
  project: 'default',
  consumer: 'app',
  clientAddress: '10.0.0.7',
  route: `route-${i % 30}`,
  method: 'GET',
  protocol: 'http/1.1',
  path: `/orders/${i}`,
  release: 'r',
  status: i % 50 ? 200 : 500 + (i % 3),
  reason: '',
  durationMs: ((i * 7919) % 100_003) / 1000,
  upstreamMs: 0.001,
  requestBytes: 1,
  responseBytes: 1,
  traceId: 't',
});

const told = (times: number[]): string => {
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor((times.length - 1) * share)]!.toFixed(1);
  return `${times.length} answers, p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}`;
};

if (isMainThread) {
  const control = await startTestControl();
  await storeCalls(control.store.calls, calls, callOf);
  const to = { address: control.address, token: control.admin, seconds };
  const session = { ...to, paths: [`${API_PREFIX}/session`], pauseMs: 20 };
  const search = { ...to, paths: SEARCHES.map((query) => `${API_PREFIX}/calls?limit=50&${query}`), pauseMs: 0 };
  const overview = { ...to, paths: [`${API_PREFIX}/overview`], pauseMs: 500 };
  for (const [name, others] of [
    ['alone', []],
    ['beside searches', [search, search, overview]],
  ] as const) {
    const loop = monitorEventLoopDelay({ resolution: 10 });
    loop.enable();
    const [sessions, ...rest] = await Promise.all([session, ...others].map(asker));
    loop.disable();
    const delays = [0.5, 0.99, 1].map((share) => Math.max(0, loop.percentile(share * 100) / 1e6 - 10).toFixed(1));
    process.stdout.write(`${calls} calls, load ${loadavg()[0]!.toFixed(1)}, ${name}\n  session: ${told(sessions!)}\n`);
    if (rest.length > 0) process.stdout.write(`  search: ${told(rest.slice(0, 2).flat())}\n  overview: ${told(rest[2]!)}\n`);
    process.stdout.write(`  event loop delay of control: p50 ${delays[0]}, p99 ${delays[1]}, longest ${delays[2]}\n`);
  }
  await control.stop();
} else {
  const { parentPort } = await import('node:worker_threads');
  parentPort!.postMessage(await ask(workerData as Asker), []);
}
