/**
 * How long a role is away after `kill -9`: from the kill until a new process of that role does its work again.
 * A gateway is back when it answers a data API, control when it answers the admin API, a worker when control has
 * heard of it, the sample when its CRM answers through the gateway. Keep-alive clients load the gateway meanwhile.
 * Run: node bench/revive.ts [rounds] [busy processes] [spare: on | off]. The busy ones spin; the spare waits before each kill.
 * Roles take turns, so that none is killed twice within the half minute in which a restart waits longer.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { api, call, roleProcesses, untilSpare, weirIn } from '../test/e2e/tools.ts';
import { until, type Weir } from '../test/e2e/weir.ts';

const ROLES = ['control', 'gateway', 'worker', 'sample'] as const;
type Role = (typeof ROLES)[number];
const TURN_MS = 8_000;
const CLIENTS = 4;
const PAUSE_MS = 3;
const LIMIT_S = 60;

const rounds = Number(process.argv[2] ?? 10);
const busy = Number(process.argv[3] ?? 0);
const spare = process.argv[4] ?? 'on';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-revive-'));
/** What each spare took when it had loaded everything. */
const spareBytes: number[] = [];
const spinners: ChildProcess[] = [];
try {
  const weir = await weirIn(folder, { args: ['--sample'], env: { WEIR_SPARE: spare } });
  try {
    await until('the sample is filled', () => /Ctrl-C stops everything/.test(weir.output()), 120);
    const key = /^shop-app: (\S+)$/m.exec(readFileSync(path.join(folder, '.weir', 'sample-keys'), 'utf8'))![1]!;
    for (let i = 0; i < busy; i++) spinners.push(spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' }));
    const stopLoad = startLoad(weir, key);
    const times = await measure(weir, key);
    await stopLoad();
    console.log(
      `${rounds} kills of each role, spare ${spare}, ${busy} busy processes, load ${loadavg()[0]!.toFixed(1)}, ${availableParallelism()} cores, Node ${process.versions.node}`,
    );
    if (spareBytes.length > 0) console.log(`the spare takes ${Math.round(Math.max(...spareBytes) / 2 ** 20)} MiB of memory, at most`);
    for (const [role, ms] of times) {
      console.log(`${role} ${ms.join(' ')}`);
      ms.sort((a, b) => a - b);
      console.log(`${role.padEnd(8)} p50 ${ms[Math.floor(ms.length / 2)]} ms   max ${ms.at(-1)} ms`);
    }
  } finally {
    for (const spinner of spinners) spinner.kill('SIGKILL');
    await weir.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(weir: Weir, key: string): Promise<Map<Role, number[]>> {
  const times = new Map<Role, number[]>(ROLES.map((role) => [role, []]));
  await delay(TURN_MS); // Roles have just been started: code that was compiled is on disk by then.
  for (let round = 0; round < rounds; round++) {
    for (const role of ROLES) {
      const turn = delay(TURN_MS);
      times.get(role)!.push(await killAndWait(weir, key, role));
      await turn;
    }
  }
  return times;
}

async function killAndWait(weir: Weir, key: string, role: Role): Promise<number> {
  await until(`${role} runs`, () => roleProcesses(weir).has(role));
  if (spare === 'on') spareBytes.push((await untilSpare(weir)).residentBytes);
  const pid = roleProcesses(weir).get(role)!;
  const from = performance.now();
  process.kill(pid, 'SIGKILL');
  for (;;) {
    const now = roleProcesses(weir).get(role);
    if (now !== undefined && now !== pid && (await isBack(weir, key, role, now))) return Math.round(performance.now() - from);
    if (performance.now() - from > LIMIT_S * 1000) throw new Error(`${role} was not back within ${LIMIT_S} s`);
    await delay(10);
  }
}

async function isBack(weir: Weir, key: string, role: Role, pid: number): Promise<boolean> {
  const get = (at: string) => call(weir.gateway + at, { 'x-api-key': key }).catch(() => undefined);
  if (role === 'gateway') return (await get('/data/v1/orders/1'))?.status === 200;
  if (role === 'sample') return (await get('/crm/customers/7'))?.status === 200;
  const fleet = await api(weir, '/api/v1/fleet').catch(() => undefined);
  if (fleet?.status !== 200) return false;
  return role === 'control' || (JSON.parse(fleet.text) as { nodes: { pid: number }[] }).nodes.some((node) => node.pid === pid);
}

/** A request every few milliseconds and client; failures do not count here, a role is dead. */
function startLoad(weir: Weir, key: string): () => Promise<void> {
  let running = true;
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (; running; await delay(PAUSE_MS)) await call(`${weir.gateway}/data/v1/orders/1`, { 'x-api-key': key }, { agent }).catch(() => {});
    agent.destroy();
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return async () => {
    running = false;
    await Promise.all(clients);
  };
}
