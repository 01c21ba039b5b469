/**
 * Many changes under load: 5,000 routes, 50 changes a second for a minute, each through the admin API, while callers ask
 * random routes. Told are failed requests, latency before and during the storm, how long each change takes until every
 * gateway thread serves it (from the admin API's request being sent), memory and the data folder's size.
 * The product is the real one, with two gateway threads and two threads' worth of everything else on the same cores.
 * Run: node bench/change-storm.ts [routes=5000] [changes a second=50] [seconds=60] [requests a second=500]
 */
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, mkdtempSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { api, roleProcesses, weirIn } from '../test/e2e/tools.ts';
import { until, type Weir } from '../test/e2e/weir.ts';
import type { LoadCount, LoadOptions } from './change-storm/load.ts';

const [routes = 5000, perSecond = 50, seconds = 60, load = 500] = process.argv.slice(2).map(Number);
const QUIET_S = Math.min(20, seconds);
const SOURCE_ROUTES = 250;
const THREADS = 2;
/** Every tenth change is watched until it is live everywhere, unless the one before is still being watched. */
const WATCH_EVERY = 10;
const WATCHERS = 8;

const upstream = createServer((asked, answer) => answer.end(asked.url)).listen(0, '127.0.0.1');
upstream.keepAliveTimeout = 60_000;
await once(upstream, 'listening');
const folder = mkdtempSync(path.join(tmpdir(), 'weir-storm-'));
const weir = await weirIn(folder, { env: { WEIR_SPARE: 'off', WEIR_GATEWAY_THREADS: String(THREADS) } });
try {
  const loaded = performance.now();
  await loadRoutes(weir);
  console.log(`${routes} routes served after ${Math.round(performance.now() - loaded)} ms`);
  await storm(weir);
} finally {
  await weir.stop();
  upstream.close();
  upstream.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}

function documentOf(route: number, version: number): string {
  return `apiVersion: weir/v1
kind: Route
metadata: { name: r${route} }
spec: { match: { paths: ["/r${route}/**"] }, upstream: up, rewrite: "/v${version}-${route}/**" }
`;
}

async function loadRoutes(weir: Weir): Promise<void> {
  const { port } = upstream.address() as AddressInfo;
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

async function storm(weir: Weir): Promise<void> {
  const workerData: LoadOptions = { gateway: weir.gateway, routes, perSecond: load, watchers: WATCHERS };
  const callers = new Worker(new URL('change-storm/load.ts', import.meta.url), { workerData });
  await once(callers, 'message');
  const sent = new Map<number, number>();
  const live: number[] = [];
  const counts: LoadCount[] = [];
  callers.on('message', (message: { kind: string; id: number; at: number } & LoadCount) => {
    if (message.kind === 'live') live.push(message.at - sent.get(message.id)!);
    if (message.kind === 'count') counts.push(message);
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  const post = (message: object) => callers.postMessage(message);
  let watched = 0;
  const take = async () => {
    const before = counts.length;
    post({ kind: 'take' });
    await until('the callers count', () => counts.length > before);
    return counts.at(-1)!;
  };
  await delay(3000);
  await take();
  const from = memory(weir);
  await delay(QUIET_S * 1000);
  const quiet = await take();
  const applied: number[] = [];
  const refused = await change(weir, applied, (id, route, mark) => {
    if (id % WATCH_EVERY !== 0 || watched > live.length) return;
    watched++;
    sent.set(id, Date.now());
    post({ kind: 'watch', id, route, mark });
  });
  await until('the last changes are live', () => live.length >= watched, 30).catch(() => {});
  const during = await take();
  post({ kind: 'end' });
  console.log(`load of the machine ${loadavg()[0]!.toFixed(1)}, Node ${process.versions.node}`);
  tell('quiet', quiet);
  tell('storm', during);
  console.log(
    `changes ${applied.length} done, ${[...refused.values()].reduce((a, b) => a + b, 0)} refused; admin API answers ${spread(applied)}`,
  );
  for (const [why, times] of refused) console.log(`  refused ${times} times: ${why}`);
  console.log(`live on every thread (${live.length} of ${watched} watched): ${spread(live)}`);
  console.log(
    `memory before ${from}; after ${memory(weir)}; data folder ${Math.round(sizeOf(path.join(weir.folder, '.weir')) / 2 ** 20)} MiB`,
  );
}

/** Makes the changes at their rate, whatever earlier ones take. Answers why how many were refused. */
async function change(
  weir: Weir,
  applied: number[],
  told: (id: number, route: number, mark: string) => void,
): Promise<ReadonlyMap<string, number>> {
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
  return refused;
}

function tell(name: string, { requests, failures, failed, latencies }: LoadCount): void {
  console.log(`${name}: ${requests} answered, ${failures} failed; ${spread([...latencies])}`);
  for (const why of new Set(failed)) console.log(`  failed: ${why}`);
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
  return `p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms`;
}

function memory(weir: Weir): string {
  const rss = (pid: number) => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  return [...roleProcesses(weir)].map(([role, pid]) => `${role} ${Math.round(rss(pid))}`).join(', ') + ' MiB';
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => {
    const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
    return sum + (found?.isFile() ? found.size : 0);
  }, 0);
}
