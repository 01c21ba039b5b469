/**
 * The product itself as a proxy of the benchmark: `weir up` in a folder of its own, configured by its admin API, one gateway
 * thread. The gateway process (its thread, its main thread that sends call records to control, its query thread) is put on
 * the proxies' core and counts; control, which stores the records, works on the load's core and is told apart.
 */
import { rmSync } from 'node:fs';
import { api, newFolder, roleProcesses, weirIn } from '../../test/e2e/tools.ts';
import { until, type Weir } from '../../test/e2e/weir.ts';
import { LOAD_CORE, pin, PROXY_CORE } from './machine.ts';
import type { Peer } from './peers.ts';

const ROUTES_AT_ONCE = 250;
const HEAD = 'apiVersion: weir/v1\nkind:';

/** Starts it with so many routes, each with a key, a rate limit and what every route has: metrics, call records, ids. */
export async function startProduct(name: string, upstream: number, routes: number): Promise<Peer> {
  const folder = newFolder('bench');
  const weir = await weirIn(folder, { env: { WEIR_GATEWAY_THREADS: '1' } });
  const { key, pids } = await setUp(weir, upstream, routes);
  return {
    name,
    port: Number(new URL(weir.gateway).port),
    pid: pids.get('gateway')!,
    beside: pids.get('control')!,
    key,
    version: '',
    kill: () => void weir.child.kill('SIGTERM'),
    async stop() {
      await weir.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function setUp(weir: Weir, upstream: number, routes: number): Promise<{ key: string; pids: Map<string, number> }> {
  try {
    const pids = roleProcesses(weir);
    for (const [role, pid] of pids) pin(pid, role === 'gateway' ? PROXY_CORE : LOAD_CORE);
    await apply(weir, [
      `${HEAD} Upstream\nmetadata: { name: up }\nspec: { targets: [{ host: 127.0.0.1, port: ${upstream} }], connectionsMax: 1024 }\n`,
      `${HEAD} Consumer\nmetadata: { name: bench }\nspec: {}\n`,
    ]);
    for (let from = 0; from < routes; from += ROUTES_AT_ONCE) {
      const count = Math.min(ROUTES_AT_ONCE, routes - from);
      await apply(
        weir,
        Array.from({ length: count }, (_, i) => routeDocument(from + i, routes)),
      );
    }
    const made = await api(weir, '/api/v1/projects/default/consumers/bench/keys', { method: 'POST', body: '{}' });
    const key = (JSON.parse(made.text) as { secret: string }).secret;
    const headers = { 'x-api-key': key };
    await until('the routes serve', async () => (await fetch(`${weir.gateway}/`, { headers })).status === 200);
    return { key, pids };
  } catch (error) {
    await weir.stop();
    throw error;
  }
}

/** The last route takes every path that no other takes. */
function routeDocument(i: number, routes: number): string {
  const path = i === routes - 1 ? '/**' : `/svc${i}/v1/items/{id}/**`;
  return `${HEAD} Route\nmetadata: { name: r${i} }
spec: { match: { paths: ["${path}"] }, upstream: up, auth: [{ type: api-key }], policies: [{ type: rate-limit, limit: 1000000, window: 1s }] }\n`;
}

async function apply(weir: Weir, documents: readonly string[]): Promise<void> {
  const body = JSON.stringify({ sources: [{ file: 'bench.yaml', text: documents.join('---\n') }] });
  const { status, text } = await api(weir, '/api/v1/apply', { method: 'POST', body });
  if (status !== 200) throw new Error(`apply: ${status} ${text.slice(0, 500)}`);
}
