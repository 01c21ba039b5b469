/** The proxies that are compared, each on one core, all in front of the same upstream. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEY } from './core.ts';
import { freePort, LOAD_CORE, PROXY_CORE, startOn } from './machine.ts';
import { luaNginx, NGINX, nginxOfLocations, plainNginx, upstreamNginx } from './nginx.ts';
import { GATEWAY_MEMORY } from '../../src/gateway/kept-thread.ts';
import { CACHE } from './others/cache.ts';
import { envoy, ENVOY_VERSION } from './others/envoy.ts';
import { lura, LURA_VERSION } from './others/krakend.ts';
import { spring, SPRING_CLOUD_VERSION } from './others/spring.ts';
import type { Place } from './place.ts';
import { startProduct } from './product.ts';

/** A proxy that runs. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  /** The process whose time counts, with its threads and children. */
  readonly pid: number;
  /** A process that works for it on the other core, told apart: the product's control. */
  readonly beside?: number;
  /** What callers send as `x-api-key`. */
  readonly key: string;
  /** Its own version; empty for what runs on the Node that measures. */
  readonly version: string;
  stop(): Promise<void>;
  /** At the end of the process: asks it to end and does not wait. */
  kill(): void;
}

interface Kind {
  /** Undefined when its program is not here. */
  command(place: Place): readonly string[] | undefined;
  version?(): string;
  /** Seconds of load before it is measured. */
  readonly warmUp: number;
}

/** Two halves of a young generation, and as much again for what is large. */
const SPACES = 3;
const YOUNG = `--max-semi-space-size=${GATEWAY_MEMORY.maxYoungGenerationSizeMb! / SPACES}`;
const HAPROXY = '/usr/sbin/haproxy';
/** Compilers at run time need a while. */
const COMPILED = 3;
const JAVA = 12;
const READY = 1;

const nginxVersion = (): string => versionOf(NGINX, '-v');
const own = (mode: string, routes: number): Kind => ({ command: (place) => weir(mode, place, routes), warmUp: COMPILED });
const PRODUCT = 'Weir, the product, all policies, 1,000 routes';

/** Which proxies there can be. The product is none of them: it is more than one process, see product.ts. */
const KINDS: Readonly<Record<string, Kind>> = {
  nginx: { command: plainNginx, version: nginxVersion, warmUp: READY },
  'nginx, 1,000 locations': { command: (place) => nginxOfLocations(place, 1000), version: nginxVersion, warmUp: READY },
  'nginx, 5,000 locations': { command: (place) => nginxOfLocations(place, 5000), version: nginxVersion, warmUp: READY },
  'nginx + Lua (key, 2 counters, id)': { command: luaNginx, version: nginxVersion, warmUp: READY },
  HAProxy: { command: haproxy, version: () => versionOf(HAPROXY, '-v'), warmUp: READY },
  Envoy: { command: (place) => envoy(CACHE, place), version: () => ENVOY_VERSION, warmUp: READY },
  'KrakenD’s engine (Lura)': { command: (place) => lura(CACHE, place), version: () => LURA_VERSION, warmUp: READY },
  'Spring Cloud Gateway': { command: (place) => spring(CACHE, place), version: () => SPRING_CLOUD_VERSION, warmUp: JAVA },
  'node:http + undici': { command: nodeProxy, warmUp: COMPILED },
  'Node alone': { command: nodeAlone, warmUp: COMPILED },
  'Weir, bare': own('bare', 1),
  'Weir, bare, pipelining 16': own('bare+16', 1),
  'Weir, all policies, 1,000 routes, pipelining 16': own('policies+16', 1000),
  'Weir, no policies, 1 route': own('routes', 1),
  'Weir, no policies, 1,000 routes': own('routes', 1000),
  'Weir, no policies, 5,000 routes': own('routes', 5000),
  'Weir, all policies, 1 route': own('policies', 1),
  'Weir, all policies, 1,000 routes': own('policies', 1000),
  'Weir, all policies, 5,000 routes': own('policies', 5000),
  'Weir, long chain': own('chain', 1000),
};

/** Seconds of load a proxy is given before it is measured. */
export function warmUpOf(name: string): number {
  return KINDS[name]?.warmUp ?? COMPILED;
}

/** Starts a proxy; undefined when its program is not here. */
export async function startPeer(name: string, place: Omit<Place, 'port'>): Promise<Peer | undefined> {
  if (name === PRODUCT) return startProduct(name, place.upstream, 1000);
  const port = await freePort();
  const kind = KINDS[name]!;
  const command = kind.command({ ...place, port });
  return command && peerOf(name, port, startOn(PROXY_CORE, command), kind.version?.() ?? '');
}

/** Starts the upstream, on the load's core. */
export async function startUpstream(folder: string): Promise<Peer> {
  const port = await freePort();
  return peerOf('upstream', port, startOn(LOAD_CORE, upstreamNginx(folder, port)), '');
}

function peerOf(name: string, port: number, child: ChildProcess, version: string): Peer {
  const kill = (): void => void child.kill('SIGTERM');
  return { name, port, pid: child.pid!, key: KEY, version, kill, stop: async () => kill() };
}

/** The first thing that looks like a version in what a program says. */
function versionOf(program: string, question: string): string {
  const { stdout, stderr } = spawnSync(program, [question], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] ?? '';
}

function haproxy({ folder, port, upstream, tls }: Place): readonly string[] | undefined {
  if (!existsSync(HAPROXY)) return undefined;
  const file = join(folder, 'haproxy.cfg');
  const secure = tls ? ` ssl crt ${tls.both} alpn h2,http/1.1` : '';
  writeFileSync(
    file,
    `global\n nbthread 1\n maxconn 9000\ndefaults\n mode http\n timeout client 600s\n timeout server 600s\n timeout connect 5s
 http-reuse always\n option http-keep-alive\nfrontend f\n bind 127.0.0.1:${port}${secure}\n option forwardfor\n default_backend b
backend b\n server s1 127.0.0.1:${upstream}\n`,
  );
  return [HAPROXY, '-f', file];
}

function nodeProxy({ port, upstream }: Place): readonly string[] | undefined {
  if (!existsSync(join(import.meta.dirname, '../../node_modules/undici'))) return undefined;
  return [process.execPath, join(import.meta.dirname, 'node-proxy.ts'), String(port), String(upstream)];
}

/** What no gateway on Node can be below: see floor.ts. */
function nodeAlone({ port, tls }: Place): readonly string[] | undefined {
  return tls && [process.execPath, YOUNG, join(import.meta.dirname, 'floor.ts'), String(port), tls.chain, tls.key];
}

function weir(mode: string, { port, upstream, tls }: Place, routes: number): readonly string[] {
  const files = tls ? [tls.chain, tls.key] : [];
  return [process.execPath, YOUNG, join(import.meta.dirname, 'weir.ts'), mode, String(port), String(upstream), String(routes), ...files];
}
