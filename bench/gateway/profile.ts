/**
 * Where the time of one request goes: `perf` looks at the benchmark's gateway under wrk, and its samples are added up by what
 * they belong to. Writes docs/guides/gateway-profile.md. Needs what run.ts needs, and linux-perf.
 * Run: node bench/gateway/profile.ts [--peer "Weir, all policies, 1,000 routes"] [--seconds 6]
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { load, sample } from './load.ts';
import { machineLoad, raise } from './machine.ts';
import { type Peer, startPeer, startUpstream } from './peers.ts';

const PAGE = new URL('../../docs/guides/gateway-profile.md', import.meta.url);
const { values } = parseArgs({ options: { peer: { type: 'string' }, seconds: { type: 'string' } } });
const name = values.peer ?? 'Weir, all policies, 1,000 routes';
const seconds = Number(values.seconds ?? 6);
const ASK = { path: '/', connections: 64 };

/** What a sample belongs to: the first rule that fits its thread, library and symbol. */
const PARTS: readonly (readonly [part: string, fits: (thread: string, library: string, symbol: string) => boolean])[] = [
  ['collector and compiler, on helper threads', (thread) => thread.includes('Worker')],
  ['kernel', (_, library) => library.startsWith('[kernel')],
  ['JavaScript: head parser', js(/gateway\/http\/(head|field-rules|bytes|body|chunked)\.ts/)],
  ['JavaScript: heads written', js(/gateway\/http\/(messages|writer|fields|ids|outbox)\.ts/)],
  ['JavaScript: connections and relay', js(/gateway\/(http|upstream)\//)],
  [
    'JavaScript: routes, chain, policies',
    js(/gateway\/(core|chain|router|router-leaf|story|revision-memory|instances)\.ts|extensions\/|sdk\//),
  ],
  ['JavaScript: metrics and call records', js(/gateway\/(call-|route-stats|ended-call)|bench\/gateway/)],
  ['JavaScript: Node’s streams and sockets', (_, __, symbol) => /node:/.test(symbol)],
  ['V8 built-ins', (_, library, symbol) => library.endsWith('node') && symbol.startsWith('Builtins_')],
  ['Node, libuv and V8 in C++', (_, library) => library.endsWith('node')],
  ['system libraries', () => true],
];
/** Functions with everything they call. */
const INSIDE: readonly (readonly [what: string, symbol: string])[] = [
  ['writing to sockets, all of it', 'ksys_write'],
  ['— of that the receiver’s side of loopback TCP', 'net_rx_action'],
  ['reading from sockets', 'ksys_read'],
  ['waiting for events', 'do_epoll_wait'],
];

const folder = mkdtempSync(join(tmpdir(), 'weir-profile-'));
const running: Peer[] = [];
process.once('exit', () => {
  for (const peer of running) peer.kill();
  rmSync(folder, { recursive: true, force: true });
});

const upstream = await startUpstream(folder);
running.push(upstream);
const before = machineLoad();
const plain = await startPeer(name, { folder, upstream: upstream.port });
if (!plain) throw new Error(`${name} is not here`);
running.push(plain);
await settle(plain);
const { cpuUs, perSecond } = sample(folder, plain, ASK, seconds);
await plain.stop();
process.env['NODE_OPTIONS'] = '--perf-basic-prof'; // Names of functions for perf; slows what is measured, so only shares are taken.
const named = (await startPeer(name, { folder, upstream: upstream.port }))!;
running.push(named);
await settle(named);
writeFileSync(PAGE, page(await samplesOf(named.pid)));
process.exit(0);

function js(path: RegExp): (thread: string, library: string, symbol: string) => boolean {
  return (_, __, symbol) => symbol.startsWith('JS:') && path.test(symbol);
}

async function settle({ pid, port }: Peer): Promise<void> {
  await systemClock.sleep(1500);
  raise(pid);
  load(folder, { ...upstream, port }, ASK, 4);
}

/** Lines of `perf report`: share, thread, library, symbol; and of its other form, with callees. */
async function samplesOf(pid: number): Promise<{ own: string; inside: string }> {
  const data = join(folder, 'perf.data');
  const perf = spawn('perf', ['record', '-q', '-F', '1999', '-g', '-p', String(pid), '-o', data, '--', 'sleep', String(seconds)]);
  load(folder, named, ASK, seconds);
  if (perf.exitCode === null) await once(perf, 'exit');
  const report = (...more: string[]): string =>
    execFileSync('perf', ['report', '-q', '-i', data, '-g', 'none', '--stdio', '--percent-limit', '0', ...more], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  return {
    own: report('--no-children', '-F', 'overhead,comm,dso,sym'),
    inside: report('--children', '-F', 'overhead_children,sym'),
  };
}

function page({ own, inside }: { own: string; inside: string }): string {
  const shares = new Map<string, number>(PARTS.map(([part]) => [part, 0]));
  for (const line of own.split('\n')) {
    const found = /^\s*([\d.]+)%\s+(\S+)\s+(\[JIT\] tid \d+|\S+)\s+\[.\]\s+(.*)$/.exec(line);
    if (!found) continue;
    const [, share, thread, library, symbol] = found as unknown as [string, string, string, string, string];
    const [part] = PARTS.find(([, fits]) => fits(thread, library, symbol.trim()))!;
    shares.set(part, shares.get(part)! + Number(share));
  }
  const of = (symbol: string): number => Number(new RegExp(`([\\d.]+)%\\s+\\[k\\] ${symbol}\\s*$`, 'm').exec(inside)?.[1] ?? 0);
  const row = (what: string, share: number): string => `| ${what} | ${share.toFixed(1)} % | ${((share * cpuUs) / 100).toFixed(2)} |\n`;
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`;
  return `<!-- Made by \`node bench/gateway/profile.ts\`. Do not edit. -->
# Where the time of a request goes

“${name}” of [gateway-speed.md](gateway-speed.md), 200 B, 64 connections:
${cpuUs.toFixed(1)} µs of CPU per request, ${Math.round(perSecond)} requests/s without \`perf\`;
shares by \`perf\` (1,999 samples a second for ${seconds} s).
${new Date().toISOString().slice(0, 10)}, ${machine}, load ${before}.

| Part | Share | µs |
|---|---|---|
${[...shares].map(([part, share]) => row(part, share)).join('')}
Of the kernel’s part:

| Part | Share of all | µs |
|---|---|---|
${INSIDE.map(([what, symbol]) => row(what, of(symbol))).join('')}`;
}
