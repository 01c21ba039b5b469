/**
 * Many changes under load: a whole Weir with thousands of routes, changes at a steady rate through the admin API, and
 * callers who ask random routes meanwhile. Answers what the callers saw before and during, how long each change took until
 * every gateway thread served it (from the admin API's request being sent), memory and the data folder's size.
 */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { api, roleProcesses, weirIn } from '../e2e/tools.ts';
import { until, type Weir } from '../e2e/weir.ts';
import type { LoadCount, LoadOptions } from './load.ts';
import type { Stall } from './machine.ts';

export interface StormOptions {
  readonly routes: number;
  readonly changesPerSecond: number;
  /** How long the storm lasts. */
  readonly seconds: number;
  readonly requestsPerSecond: number;
  /** How long the callers are watched before. */
  readonly quietSeconds: number;
}

export interface StormResult {
  /** Until all routes served. */
  readonly loadedMs: number;
  readonly quiet: LoadCount;
  readonly storm: LoadCount;
  /** Milliseconds of each change's request. */
  readonly applied: readonly number[];
  /** Why how many changes were refused. */
  readonly refused: ReadonlyMap<string, number>;
  /** Each watched change that came live on every thread, and how many were watched. */
  readonly live: readonly LiveChange[];
  readonly watched: number;
  /** MiB of resident memory by role: when quiet, after a fifth of the storm, after all of it. */
  readonly memory: readonly Readonly<Record<string, number>>[];
  readonly dataMiB: number;
}

export interface LiveChange {
  /** Milliseconds from the admin API's request being sent until every thread served it. */
  readonly ms: number;
  /** The longest the machine itself stood still meanwhile: a bare thread, or its disk; undefined when less than 40 ms. */
  readonly machine: Stall | undefined;
}

const SOURCE_ROUTES = 250;
const THREADS = 2;
/** Every tenth change is watched until it is live everywhere, unless the one before is still being watched. */
const WATCH_EVERY = 10;
const WATCHERS = 8;
const FIRST_SHARE = 0.2;

/** Starts everything, lets the storm go over it, and stops everything. */
export async function changeStorm(options: StormOptions): Promise<StormResult> {
  const upstream = createServer((asked, answer) => answer.end(asked.url)).listen(0, '127.0.0.1');
  upstream.keepAliveTimeout = 60_000;
  await once(upstream, 'listening');
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-storm-'));
  const weir = await weirIn(folder, { env: { WEIR_SPARE: 'off', WEIR_GATEWAY_THREADS: String(THREADS) } });
  try {
    const begun = performance.now();
    await loadRoutes(weir, options.routes, (upstream.address() as AddressInfo).port);
    return await storm(weir, options, Math.round(performance.now() - begun));
  } finally {
    await weir.stop();
    upstream.close();
    upstream.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

function documentOf(route: number, version: number): string {
  return `apiVersion: weir/v1
kind: Route
metadata: { name: r${route} }
spec: { match: { paths: ["/r${route}/**"] }, upstream: up, rewrite: "/v${version}-${route}/**" }
`;
}

async function loadRoutes(weir: Weir, routes: number, port: number): Promise<void> {
  const up = `apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: up }\nspec: { targets: [{ host: 127.0.0.1, port: ${port} }] }\n`;
  for (let from = 0; from < routes; from += SOURCE_ROUTES) {
    const texts = Array.from({ length: Math.min(SOURCE_ROUTES, routes - from) }, (_, i) => documentOf(from + i, 0));
    const text = [...(from === 0 ? [up] : []), ...texts].join('---\n');
    const { status, text: said } = await api(weir, '/api/v1/apply', {
      method: 'POST',
      body: JSON.stringify({ sources: [{ file: `${from}.yaml`, text }] }),
    });
    if (status !== 200) throw new Error(`apply: ${status} ${said.slice(0, 500)}`);
  }
  await until('the last route serves', async () => (await fetch(`${weir.gateway}/r${routes - 1}/x`)).status === 200, 120);
}

async function storm(weir: Weir, options: StormOptions, loadedMs: number): Promise<StormResult> {
  const callers = await startCallers({
    gateway: weir.gateway,
    routes: options.routes,
    perSecond: options.requestsPerSecond,
    watchers: WATCHERS,
  });
  const machine = await watchMachine(path.join(weir.folder, 'disk-probe'));
  const memory = [memoryOf(weir)];
  await callers.take(); // What the first requests took is no measure.
  await delay(options.quietSeconds * 1000);
  const quiet = await callers.take();
  const { applied, refused } = await change(weir, options, (id, route, mark) => {
    if (id === Math.floor(options.changesPerSecond * options.seconds * FIRST_SHARE)) memory.push(memoryOf(weir));
    if (id % WATCH_EVERY === 0) callers.watch(id, route, mark);
  });
  await until('the last change is live', () => !callers.isWatching(), 30).catch(() => {});
  const during = await callers.take();
  memory.push(memoryOf(weir));
  callers.end();
  const dataMiB = Math.round(sizeOf(path.join(weir.folder, '.weir')) / 2 ** 20);
  const live = withStalls(callers.live, await machine.end());
  return { loadedMs, quiet, storm: during, applied, refused, live, watched: callers.watched(), memory, dataMiB };
}

/** The thread that watches the machine; `end` answers when and how long it stood still. */
async function watchMachine(file: string): Promise<{ end(): Promise<readonly Stall[]> }> {
  const thread = new Worker(new URL('machine.ts', import.meta.url), { workerData: file });
  await once(thread, 'message');
  return {
    async end() {
      const told = once(thread, 'message');
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      thread.postMessage('end');
      return (await told)[0] as readonly Stall[];
    },
  };
}

function withStalls(live: readonly { sent: number; at: number }[], stalls: readonly Stall[]): LiveChange[] {
  const longestFirst = stalls.toSorted((a, b) => b.ms - a.ms);
  return live.map(({ sent, at }) => ({ ms: at - sent, machine: longestFirst.find((one) => one.at > sent && one.at - one.ms < at) }));
}

/** The thread of callers, and what it was asked to watch. */
async function startCallers(workerData: LoadOptions) {
  const thread = new Worker(new URL('load.ts', import.meta.url), { workerData });
  await once(thread, 'message');
  const sent = new Map<number, number>();
  const live: { sent: number; at: number }[] = [];
  const counts: LoadCount[] = [];
  thread.on('message', (message: { kind: string; id: number; at: number } & LoadCount) => {
    if (message.kind === 'live') live.push({ sent: sent.get(message.id)!, at: message.at });
    if (message.kind === 'count') counts.push(message);
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  const post = (message: object) => thread.postMessage(message);
  return {
    live,
    watched: () => sent.size,
    isWatching: () => sent.size > live.length,
    watch(id: number, route: number, mark: string): void {
      if (sent.size > live.length) return;
      sent.set(id, Date.now());
      post({ kind: 'watch', id, route, mark });
    },
    async take(): Promise<LoadCount> {
      const before = counts.length;
      post({ kind: 'take' });
      await until('the callers count', () => counts.length > before);
      return counts.at(-1)!;
    },
    end: () => post({ kind: 'end' }),
  };
}

/** Makes the changes at their rate, whatever earlier ones take. */
async function change(
  weir: Weir,
  { routes, changesPerSecond: perSecond, seconds }: StormOptions,
  told: (id: number, route: number, mark: string) => void,
): Promise<Pick<StormResult, 'applied' | 'refused'>> {
  const applied: number[] = [];
  const refused = new Map<string, number>();
  const refuse = (why: string) => void refused.set(why, (refused.get(why) ?? 0) + 1);
  const pending: Promise<void>[] = [];
  const from = performance.now();
  for (let id = 0; id < perSecond * seconds; id++) {
    const wait = from + (id * 1000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    const route = (id * 7919) % routes;
    told(id, route, `v${id + 1}-${route}`);
    const begun = performance.now();
    const body = JSON.stringify({ sources: [{ file: 'change.yaml', text: documentOf(route, id + 1) }] });
    pending.push(
      api(weir, '/api/v1/apply', { method: 'POST', body }).then(
        ({ status }) => void (status === 200 ? applied.push(performance.now() - begun) : refuse(`status ${status}`)),
        (error: Error) => refuse(error.message),
      ),
    );
  }
  await Promise.all(pending);
  return { applied, refused };
}

function memoryOf(weir: Weir): Record<string, number> {
  const resident = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  return Object.fromEntries([...roleProcesses(weir)].map(([role, pid]) => [role, Math.round(resident(pid))]));
}

/** Bytes of all files below a folder. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
    return sum + (found?.isFile() ? found.size : 0);
  }, 0);
}
