/**
 * CPU per request, latency and memory of the gateway beside other proxies: same upstream, interleaved slots, each on one core.
 * Rows in rows.ts, proxies in peers.ts. Appends to results.jsonl and writes docs/guides/gateway-speed.md anew.
 * Needs Linux with two cores, nginx and wrk; nginx's Lua module, HAProxy and undici take part when they are installed.
 * Run: node bench/gateway/run.ts [--quick] [--pairs 5] [--seconds 2] [--row <part of a row's name>]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { KEY } from './core.ts';
import { type Ask, openLoop, type Sample, sample, wrk } from './load.ts';
import { LOAD_CORE, machineLoad, raise, residentBytes } from './machine.ts';
import { type Peer, startPeer, startUpstream } from './peers.ts';
import { LATENCY_PEERS, MEMORY_PEERS, type Row, ROWS } from './rows.ts';
import { type Result, writeTable } from './table.ts';

const RESULTS = new URL('./results.jsonl', import.meta.url);
const PAGE = new URL('../../docs/guides/gateway-speed.md', import.meta.url);
const FOREIGN_MAX = 0.2;
const WARM_UP = 3;
const IDLE = 10_000;

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, pairs: { type: 'string' }, seconds: { type: 'string' }, row: { type: 'string' } },
});
const pairs = Number(values.pairs ?? 5);
const seconds = Number(values.seconds ?? 2);
const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
const running: Peer[] = [];
process.once('SIGINT', () => process.exit(1));
process.once('exit', () => {
  for (const peer of running) peer.process.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

const wanted = (name: string): boolean => values.row === undefined || name.includes(values.row);
const upstream = await startUpstream(folder);
running.push(upstream);
await answers(upstream, '/');
raise(upstream.process.pid!);
for (const row of ROWS) if (wanted(row.name) && (!values.quick || row.quick)) await measure(row);
if (!values.quick && wanted('latency')) await measureLatency();
if (!values.quick && wanted('memory')) await measureMemory();
writeTable(RESULTS, PAGE);
process.exit(0);

async function measure(row: Row): Promise<void> {
  const load = machineLoad();
  const peers = await start(row.peers, row.ask);
  for (const { process: _, port, name } of peers)
    for (let i = 0; i < (name.startsWith('nginx') ? 1 : WARM_UP); i++) wrk(folder, port, row.ask, 1);
  const slots: Sample[][] = [];
  for (let pair = 0; pair < pairs; pair++) slots.push(peers.map((peer) => sample(folder, peer, row.ask, seconds)));
  peers.forEach((peer, i) => {
    const quiet = slots.filter((slot) => slot[0]!.foreign <= FOREIGN_MAX && slot[i]!.foreign <= FOREIGN_MAX);
    const counted = quiet.length > 0 ? quiet : slots;
    const ratios = counted.map((slot) => slot[0]!.cpuUs / slot[i]!.cpuUs).sort((a, b) => a - b);
    const own = counted.map((slot) => slot[i]!);
    append(row.name, peer, load, {
      pairs: counted.length,
      dropped: slots.length - quiet.length,
      cpuUs: median(own.map((s) => s.cpuUs)),
      perSecond: median(own.map((s) => s.perSecond)),
      ratio: median(ratios),
      ratioMin: ratios[0]!,
      ratioMax: ratios.at(-1)!,
    });
  });
  stop(peers);
}

async function measureLatency(): Promise<void> {
  const ask: Ask = { path: '/', connections: 64 };
  const load = machineLoad();
  const peers = await start(LATENCY_PEERS, ask);
  for (const { port } of peers) for (let i = 0; i < WARM_UP; i++) wrk(folder, port, ask, 1);
  const rate = Math.min(...peers.slice(0, 2).map(({ port }) => wrk(folder, port, ask, seconds).perSecond)) / 2;
  const found = peers.map(() => [] as { p50: number; p99: number }[]);
  for (let pair = 0; pair < pairs; pair++) peers.forEach(({ port }, i) => found[i]!.push(openLoop(port, rate, seconds * 2)));
  peers.forEach((peer, i) => {
    const [p50, p99] = [median(found[i]!.map((f) => f.p50)), median(found[i]!.map((f) => f.p99))];
    append('latency', peer, load, { pairs, dropped: 0, rate, p50, p99 });
  });
  stop(peers);
}

async function measureMemory(): Promise<void> {
  const load = machineLoad();
  for (const name of MEMORY_PEERS) {
    const [peer] = await start([name], { path: '/', connections: 64 });
    if (!peer) continue;
    wrk(folder, peer.port, { path: '/', connections: 64 }, 1);
    const before = residentBytes(peer.process.pid!);
    const client = spawn('taskset', [
      '-c',
      LOAD_CORE,
      process.execPath,
      join(import.meta.dirname, 'idle.ts'),
      String(peer.port),
      String(IDLE),
      KEY,
    ]);
    await once(client.stdout, 'data');
    const idleMb = (residentBytes(peer.process.pid!) - before) / 2 ** 20;
    client.stdin.end();
    append('memory', peer, load, { pairs: 1, dropped: 0, idleMb });
    stop([peer]);
  }
}

async function start(names: readonly string[], ask: Ask): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const name of names) {
    const peer = await startPeer(name, folder, upstream.port);
    if (!peer) {
      console.error(`${name}: not installed, left out`);
      continue;
    }
    running.push(peer);
    peers.push(peer);
    await answers(peer, ask.post === undefined ? ask.path : '/');
    raise(peer.process.pid!);
  }
  return peers;
}

function stop(peers: readonly Peer[]): void {
  for (const peer of peers) peer.process.kill('SIGTERM');
}

function append(row: string, peer: Peer, load: number, numbers: Pick<Result, 'pairs' | 'dropped'> & Partial<Result>): void {
  const rounded = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Math.round(Number(value) * 1000) / 1000]));
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`;
  const line = JSON.stringify({
    at: new Date().toISOString(),
    row,
    peer: peer.name,
    machine,
    node: process.versions.node,
    load,
    ...rounded,
  });
  console.log(line);
  appendFileSync(RESULTS, `${line}\n`);
}

async function answers(peer: Peer, path: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${peer.port}${path}`, { headers: { 'x-api-key': KEY } }).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await systemClock.sleep(50);
  }
  throw new Error(`${peer.name} does not answer`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
