/**
 * CPU per request, latency and memory of the gateway beside other proxies: same upstream, interleaved slots, each on one core.
 * Rows in rows.ts, proxies in peers.ts. Appends to results.jsonl and writes docs/guides/gateway-speed.md anew.
 * Needs Linux with two cores, nginx, wrk, h2load, curl and openssl; nginx's Lua module, HAProxy and undici take part when they are installed, Envoy, KrakenD's engine and Spring Cloud Gateway when others.ts has
 * obtained them; who is left out is said.
 * Run: node bench/gateway/run.ts [--quick] [--pairs 5] [--starts 1] [--seconds 2] [--row <part of a row's name>]
 * `--starts 4`: the pairs of a row of loads are shared among four processes of each proxy, one after the other; twins can differ by 4 %.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { makeAuthority } from '../../test/certificates.ts';
import { type Ask, load, openLoop, type Sample, sample } from './load.ts';
import { LOAD_CORE, machineLoad, raise, residentBytes } from './machine.ts';
import { type Peer, startPeer, startUpstream, warmUpOf } from './peers.ts';
import type { TlsFiles } from './place.ts';
import { LATENCY_PEERS, MEMORY_PEERS, type Row, ROWS } from './rows.ts';
import { type Result, writeTable } from './table.ts';

const RESULTS = new URL('./results.jsonl', import.meta.url);
const PAGE = new URL('../../docs/guides/gateway-speed.md', import.meta.url);
const FOREIGN_MAX = 0.2;
const IDLE = 10_000;
const ATTEMPTS = 400;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    pairs: { type: 'string' },
    starts: { type: 'string' },
    seconds: { type: 'string' },
    row: { type: 'string' },
  },
});
const pairs = Number(values.pairs ?? 5);
const starts = Math.min(pairs, Number(values.starts ?? 1));
const seconds = Number(values.seconds ?? 2);
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
const running: Peer[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.once('exit', () => {
  for (const peer of running) peer.kill();
  rmSync(folder, { recursive: true, force: true });
});

const wanted = (name: string): boolean => values.row === undefined || name.includes(values.row);
const upstream = await startUpstream(folder);
running.push(upstream);
const tls = certificate();
await answers(upstream, { path: '/', connections: 1 });
raise(upstream.pid);
for (const row of ROWS) if (wanted(row.name) && (!values.quick || row.quick)) await measure(row);
if (!values.quick && wanted('latency')) await measureLatency();
if (!values.quick && wanted('memory')) await measureMemory();
writeTable(RESULTS, PAGE);
process.exit(0);

async function measure(row: Row): Promise<void> {
  const busy = machineLoad();
  const slots: Sample[][] = [];
  let peers: Peer[] = [];
  for (let left = starts; left > 0; left--) {
    peers = await start(row.peers, row.ask);
    for (const peer of peers) warmUp(peer, row.ask);
    for (const until = slots.length + Math.ceil((pairs - slots.length) / left); slots.length < until; )
      slots.push(peers.map((peer) => sample(folder, peer, row.ask, seconds)));
    await stop(peers);
  }
  peers.forEach((peer, i) => {
    const quiet = slots.filter((slot) => slot[0]!.foreign <= FOREIGN_MAX && slot[i]!.foreign <= FOREIGN_MAX);
    const counted = quiet.length > 0 ? quiet : slots;
    const ratios = counted.map((slot) => slot[0]!.cpuUs / slot[i]!.cpuUs).sort((a, b) => a - b);
    const own = counted.map((slot) => slot[i]!);
    append(row.name, peer, busy, {
      pairs: counted.length,
      dropped: slots.length - quiet.length,
      cpuUs: median(own.map((s) => s.cpuUs)),
      perSecond: median(own.map((s) => s.perSecond)),
      ratio: median(ratios),
      ratioMin: ratios[0]!,
      ratioMax: ratios.at(-1)!,
      ...(peer.beside === undefined ? {} : { besideUs: median(own.map((s) => s.besideUs)) }),
    });
  });
}

function warmUp(peer: Peer, ask: Ask): void {
  for (let i = 0; i < warmUpOf(peer.name); i++) load(folder, peer, ask, 1);
}

async function measureLatency(): Promise<void> {
  const ask: Ask = { path: '/', connections: 64 };
  const busy = machineLoad();
  const peers = await start(LATENCY_PEERS, ask);
  for (const peer of peers) warmUp(peer, ask);
  const rate = Math.min(...peers.slice(0, 2).map((peer) => load(folder, peer, ask, seconds).perSecond)) / 2;
  const found = peers.map(() => [] as { p50: number; p99: number }[]);
  for (let pair = 0; pair < pairs; pair++) peers.forEach((peer, i) => found[i]!.push(openLoop(peer, rate, seconds * 2)));
  peers.forEach((peer, i) => {
    const [p50, p99] = [median(found[i]!.map((f) => f.p50)), median(found[i]!.map((f) => f.p99))];
    append('latency', peer, busy, { pairs, dropped: 0, rate, p50, p99 });
  });
  await stop(peers);
}

async function measureMemory(): Promise<void> {
  const ask: Ask = { path: '/', connections: 64 };
  const busy = machineLoad();
  for (const name of MEMORY_PEERS) {
    const [peer] = await start([name], ask);
    if (!peer) continue;
    load(folder, peer, ask, 1);
    const before = residentBytes(peer.pid);
    const client = spawn('taskset', [
      '-c',
      LOAD_CORE,
      process.execPath,
      join(import.meta.dirname, 'idle.ts'),
      String(peer.port),
      String(IDLE),
      peer.key,
    ]);
    await once(client.stdout, 'data');
    const idleMb = (residentBytes(peer.pid) - before) / 2 ** 20;
    client.stdin.end();
    append('memory', peer, busy, { pairs: 1, dropped: 0, idleMb });
    await stop([peer]);
  }
}

async function start(names: readonly string[], ask: Ask): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const name of names) {
    const peer = await startPeer(name, { folder, upstream: upstream.port, tls: ask.over && tls });
    if (!peer) {
      console.error(`${name}: not installed, left out`);
      continue;
    }
    running.push(peer);
    peers.push(peer);
    await answers(peer, ask);
    raise(peer.pid);
  }
  return peers;
}

async function stop(peers: readonly Peer[]): Promise<void> {
  await Promise.all(peers.map((peer) => peer.stop()));
}

function append(row: string, peer: Peer, load: number, numbers: Pick<Result, 'pairs' | 'dropped'> & Partial<Result>): void {
  const rounded = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Math.round(Number(value) * 1000) / 1000]));
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`;
  const line = JSON.stringify({
    at: new Date().toISOString(),
    row,
    peer: peer.name,
    ...(peer.version === '' ? {} : { version: peer.version }),
    machine,
    node: process.versions.node,
    load,
    ...rounded,
  });
  console.log(line);
  appendFileSync(RESULTS, `${line}\n`);
}

async function answers(peer: Peer, { path, post, over }: Ask): Promise<void> {
  const url = `${over ? 'https' : 'http'}://127.0.0.1:${peer.port}${post === undefined ? path : '/'}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { status } = spawnSync('curl', ['-skf', '-m', '2', '-o', '/dev/null', '-H', `x-api-key: ${peer.key}`, url]);
    if (status === 0) return;
    await systemClock.sleep(50);
  }
  throw new Error(`${peer.name} does not answer`);
}

/** A certificate for the proxies; clients do not check it. */
function certificate(): TlsFiles {
  const authority = makeAuthority();
  const pair = authority.leaf(['bench.example.test']);
  authority.end();
  const files = { chain: join(folder, 'chain.pem'), key: join(folder, 'key.pem'), both: join(folder, 'both.pem') };
  writeFileSync(files.chain, pair.chain);
  writeFileSync(files.key, pair.key);
  writeFileSync(files.both, pair.chain + pair.key);
  return files;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
