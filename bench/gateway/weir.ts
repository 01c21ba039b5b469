/**
 * Weir as the benchmark serves it: the engine of one gateway thread in a process of its own, with the product's core, or bare
 * (everything goes to one upstream). Call records are taken out and thrown away.
 * Run by run.ts:
 * node bench/gateway/weir.ts <bare|routes|policies|chain>[+<pipelining>] <port> <upstream's port> <routes> [<certificate> <key>]
 * With a certificate clients speak TLS, and HTTP/2 if they like.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/base/clock.ts';
import { idGenerator } from '../../src/base/id.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import type { Core, Disposition, TargetPool } from '../../src/gateway/contract.ts';
import { createEngine, type HttpEngine } from '../../src/gateway/http/engine.ts';
import { tlsListener, tlsOf } from '../../test/gateway/tls-listener.ts';
import { chainCore, type Steps } from './core.ts';

const [modes = 'bare', port, upstreamPort, routes = '1', chain, key] = process.argv.slice(2);
/** `policies+16`: sixteen requests may go out together. */
const [mode = 'bare', together] = modes.split('+');
const PLAIN = { proxyProtocol: 'off', trustedProxies: [], forwarded: 'x-forwarded', via: false } as const;
process.once('SIGTERM', () => process.exit(0));
await serve(mode, Number(port), Number(upstreamPort), Number(routes));

/** Every request goes to one upstream; alone, or through the chain. */
async function serve(mode: string, port: number, upstreamPort: number, routes: number): Promise<void> {
  let disposition: Disposition | undefined;
  const bare: Core = {
    onRequest: () => (disposition ??= forwardTo(engine.pool('bench/nginx')!)),
    onResponse: () => undefined,
    onDone() {},
    onRejected() {},
  };
  const core = mode === 'bare' ? bare : chainCore(() => engine.pool('bench/nginx')!, mode as Steps, routes);
  const limits = {
    headBytesMax: 16_384,
    headersMax: 100,
    headMs: 10_000,
    bodyIdleMs: 30_000,
    bodyRateMin: 2048,
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
    streamsMax: 100,
    streamResetsMax: 1000,
    streamWindowBytes: 262_144,
    sessionBytesMax: 16_000_000,
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
    ...(together === undefined ? {} : { pipelining: Number(together) }),
  });
  if (chain !== undefined && key !== undefined) openTls(engine, port, chain, key);
  await engine.listen({ host: '127.0.0.1', port: chain === undefined ? port : 0, reusePort: false, ...PLAIN });
}

/** Where every request of the bare engine goes: made once, as the core makes it for a route that changes nothing. */
function forwardTo(pool: TargetPool): Disposition {
  const deadlines = { connectMs: 1000, firstByteMs: 10_000, idleMs: 10_000, tunnelIdleMs: 1000 };
  return { kind: 'upstream', forward: { pool, target: undefined, host: undefined, ...deadlines, bodyBytesMax: 1 << 30, upgrades: [] } };
}

/** A listener as a `Listener` resource makes it; it opens with the built-in one. */
function openTls(engine: HttpEngine, port: number, chain: string, key: string): void {
  engine.useTicketKey(randomBytes(48));
  const certificate = { name: 'bench', chain: readFileSync(chain, 'utf8'), key: readFileSync(key, 'utf8'), hosts: [] };
  engine.putListener(tlsListener(port, tlsOf([certificate]), { project: 'bench', http2: true }));
}
