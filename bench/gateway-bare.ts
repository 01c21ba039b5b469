/**
 * CPU per request of the engine against nginx as a proxy, same upstream, interleaved slots: bare, or with the
 * gateway's whole chain (key, two limits, header changes, call records: bench/chain-core.ts).
 * Method: proxies on one core; wrk and the upstream (nginx, 200-byte JSON) on another. CPU time is the scheduler's own,
 * of all threads of the proxy. A ratio above 1 means cheaper than nginx. Needs Linux, nginx, wrk and two cores.
 * Run: node bench/gateway-bare.ts [pairs=5] [seconds=2] [path=/] [bare|chain]     Prints one line of JSON.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { idGenerator } from '../src/base/id.ts';
import { silentLog } from '../src/base/log.ts';
import { systemRandom } from '../src/base/random.ts';
import type { Core } from '../src/gateway/contract.ts';
import { createEngine, type HttpEngine } from '../src/gateway/http/engine.ts';
import { chainCore, KEY } from './chain-core.ts';

const PROXY_CORE = '1';
const LOAD_CORE = '0';
const HEADERS = [
  'user-agent: bench/1.0',
  'accept: application/json',
  'accept-encoding: gzip, br',
  'accept-language: en',
  'cache-control: no-cache',
  `x-api-key: ${KEY}`,
];

interface Sample {
  readonly cpuUs: number;
  readonly perSecond: number;
}

process.once('SIGINT', () => process.exit(0));
const mode = process.argv[5] ?? 'bare';
if (process.argv[2] === '--serve') await serve(Number(process.argv[3]), Number(process.argv[4]));
else await measure(Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 2), process.argv[4] ?? '/');

/** Every request goes to one upstream; alone, or through the chain. */
async function serve(port: number, upstreamPort: number): Promise<void> {
  const bare: Core = {
    onRequest: () => ({
      kind: 'upstream',
      forward: {
        pool: engine.pool('bench/nginx')!,
        target: undefined,
        host: undefined,
        connectMs: 1000,
        firstByteMs: 10_000,
        idleMs: 10_000,
        bodyBytesMax: 1 << 30,
        upgrades: [],
        tunnelIdleMs: 1000,
      },
    }),
    onResponse: () => undefined,
    onDone() {},
    onRejected() {},
  };
  const core = mode === 'chain' ? chainCore(() => engine.pool('bench/nginx')!) : bare;
  const limits = {
    headBytesMax: 16_384,
    headersMax: 100,
    headMs: 10_000,
    bodyIdleMs: 30_000,
    keepAliveMs: 65_000,
    writeIdleMs: 60_000,
    connectionsMax: 20_000,
    requestsPerConnectionMax: 1e9,
    pipelineBytesMax: 65_536,
    targetBytesMax: 8192,
    requestMs: 600_000,
    bodyBytesMax: 1e9,
    connectionsPerAddressMax: 20_000,
    handshakeMs: 10_000,
    handshakesMax: 1000,
  };
  const engine: HttpEngine = createEngine({
    core,
    limits,
    clock: systemClock,
    random: systemRandom,
    newId: idGenerator(systemClock, systemRandom),
    log: silentLog,
  });
  engine.putUpstream({
    project: 'bench',
    name: 'nginx',
    targets: [{ host: '127.0.0.1', port: upstreamPort, weight: 1 }],
    connectionsMax: 1024,
    idleMs: 60_000,
  });
  await engine.listen({
    host: '127.0.0.1',
    port,
    reusePort: false,
    proxyProtocol: 'off',
    trustedProxies: [],
    forwarded: 'x-forwarded',
    via: false,
  });
}

async function measure(pairs: number, seconds: number, path: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const children: ChildProcess[] = [];
  try {
    const [upstream, nginx, weir] = (await Promise.all([freePort(), freePort(), freePort()])) as [number, number, number];
    children.push(startNginx(folder, 'upstream', LOAD_CORE, upstreamConfig(folder, upstream)));
    const nginxProcess = startNginx(folder, 'proxy', PROXY_CORE, proxyConfig(nginx, upstream));
    const weirProcess = spawn(
      'taskset',
      ['-c', PROXY_CORE, process.execPath, import.meta.filename, '--serve', String(weir), String(upstream), mode],
      { stdio: 'inherit' },
    );
    children.push(nginxProcess, weirProcess);
    await Promise.all([upstream, nginx, weir].map((port) => answers(`http://127.0.0.1:${port}${path}`)));
    for (const port of [weir, weir, nginx]) load(port, 2, path);
    const slots: { nginx: Sample; weir: Sample }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      slots.push({ nginx: sample(nginxProcess.pid!, nginx, seconds, path), weir: sample(weirProcess.pid!, weir, seconds, path) });
    }
    report(slots, path);
  } finally {
    for (const child of children) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(slots: readonly { nginx: Sample; weir: Sample }[], path: string): void {
  const ratios = slots.map((slot) => slot.nginx.cpuUs / slot.weir.cpuUs).sort((a, b) => a - b);
  const one = (side: 'nginx' | 'weir', key: keyof Sample) => Math.round(median(slots.map((slot) => slot[side][key])) * 10) / 10;
  console.log(
    JSON.stringify({
      bench: `gateway-${mode}`,
      at: new Date().toISOString(),
      node: process.version,
      cpu: cpus()[0]?.model,
      path,
      pairs: slots.length,
      nginxCpuUs: one('nginx', 'cpuUs'),
      weirCpuUs: one('weir', 'cpuUs'),
      nginxPerSecond: one('nginx', 'perSecond'),
      weirPerSecond: one('weir', 'perSecond'),
      ratio: round(median(ratios)),
      ratioMin: round(ratios[0]!),
      ratioMax: round(ratios.at(-1)!),
    }),
  );
}

function sample(pid: number, port: number, seconds: number, path: string): Sample {
  const before = cpuNs(pid);
  const { requests, perSecond } = load(port, seconds, path);
  return { cpuUs: (cpuNs(pid) - before) / 1000 / requests, perSecond };
}

function load(port: number, seconds: number, path: string): { requests: number; perSecond: number } {
  const fields = HEADERS.flatMap((field) => ['-H', field]);
  const out = execFileSync(
    'taskset',
    ['-c', LOAD_CORE, 'wrk', '-t1', '-c64', `-d${seconds}s`, ...fields, `http://127.0.0.1:${port}${path}`],
    { encoding: 'utf8' },
  );
  const requests = Number(/(\d+) requests in/.exec(out)?.[1]);
  if (/Non-2xx|Socket errors/.test(out)) console.error(out);
  return { requests, perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]) };
}

/** Nanoseconds on a core of all threads of a process and of its children. */
function cpuNs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const own = tasks.reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0);
  const children = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean));
  return children.reduce((sum, child) => sum + cpuNs(Number(child)), own);
}

function startNginx(folder: string, name: string, core: string, config: string): ChildProcess {
  const file = join(folder, `${name}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`)
    .join(' ');
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  writeFileSync(
    file,
    `${user}daemon off; worker_processes 1; pid ${folder}/${name}.pid;
    error_log /dev/null; events { worker_connections 4096; }
    http { access_log off; ${temporary} keepalive_requests 1000000000; keepalive_timeout 65s; tcp_nodelay on; ${config} }`,
  );
  return spawn('taskset', ['-c', core, '/usr/sbin/nginx', '-c', file, '-p', folder], { stdio: 'ignore' });
}

/** `/` answers 200 bytes of JSON; `/1k` and `/16k` are files, kept in memory by the system. */
function upstreamConfig(folder: string, port: number): string {
  for (const kib of [1, 16]) writeFileSync(join(folder, `${kib}k`), 'x'.repeat(kib * 1024));
  return `open_file_cache max=10; server { listen 127.0.0.1:${port} backlog=4096; root ${folder};
    location = / { default_type application/json; return 200 '{"a":"${'x'.repeat(192)}"}'; } location / { } }`;
}

function proxyConfig(port: number, upstream: number): string {
  return `upstream up { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }
    server { listen 127.0.0.1:${port} backlog=4096; location / {
    proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $remote_addr; } }`;
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (
      await fetch(url, { headers: { 'x-api-key': KEY } }).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
    await systemClock.sleep(50);
  }
  throw new Error(`${url} does not answer`);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
