/** For this folder's tests: an engine on real sockets, an upstream that follows a script, a client that speaks bytes. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Clock, type ManualClock, systemClock } from '../../base/clock.ts';
import { idGenerator } from '../../base/id.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { seededRandom } from '../../base/random.ts';
import type { Core, DefaultListener, Disposition, EngineLimits, Forward, GatewayExchange, Outcome, Rejection } from '../contract.ts';
import type { CompiledUpstream } from '../../sdk/upstream.ts';
import { createEngine, type EngineChoices, type HttpEngine } from './engine.ts';

export const LIMITS: EngineLimits = {
  headBytesMax: 8192,
  headersMax: 50,
  headMs: 5000,
  bodyIdleMs: 5000,
  bodyRateMin: 1000,
  keepAliveMs: 5000,
  writeIdleMs: 5000,
  connectionsMax: 100,
  requestsPerConnectionMax: 1000,
  pipelineBytesMax: 16_384,
  targetBytesMax: 8192,
  requestMs: 60_000,
  bodyBytesMax: 1 << 30,
  connectionsPerAddressMax: 100,
  handshakeMs: 5000,
  handshakesMax: 100,
  streamsMax: 100,
  streamResetsMax: 100,
  streamWindowBytes: 65_536,
  sessionBytesMax: 8_000_000,
};

/** What the process configuration says of its listener besides the address. */
export const LISTENER = { proxyProtocol: 'off', trustedProxies: [], forwarded: 'x-forwarded', via: false } as const;
const WAIT_MS = 15_000;

export interface Upstream {
  readonly port: number;
  /** Heads received so far, in order, with whatever came with them. */
  readonly received: string[];
  readonly sockets: Socket[];
  close(): void;
}

/** Starts an upstream that calls `script` for each piece received with all bytes of that socket so far. */
export async function startUpstream(script: (socket: Socket, text: string, upstream: Upstream) => void): Promise<Upstream> {
  const server: Server = createServer((socket) => {
    upstream.sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      upstream.received.push(chunk.toString('latin1'));
      script(socket, chunk.toString('latin1'), upstream);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: Upstream = {
    port: (server.address() as { port: number }).port,
    received: [],
    sockets: [],
    close() {
      server.close();
      for (const socket of upstream.sockets) socket.destroy();
    },
  };
  return upstream;
}

/** An ordinary answer of `body`. */
export function ok(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export interface Gateway {
  readonly engine: HttpEngine;
  readonly port: number;
  readonly outcomes: { readonly path: string; readonly outcome: Outcome }[];
  readonly rejections: Rejection[];
  readonly exchanges: GatewayExchange[];
  stop(): Promise<void>;
}

export interface GatewayOptions extends EngineChoices {
  readonly listener?: Partial<DefaultListener>;
  readonly ports?: readonly number[];
  readonly hosts?: readonly string[];
  readonly limits?: Partial<EngineLimits>;
  readonly forward?: Partial<Forward>;
  readonly connectionsMax?: number;
  /** The rest of the upstream. */
  readonly upstream?: Partial<CompiledUpstream>;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Replaces the decision to forward; undefined forwards. */
  readonly decide?: (exchange: GatewayExchange) => Disposition | Promise<Disposition> | undefined;
  readonly onResponse?: Core['onResponse'];
  /** Done to the engine before it listens. */
  readonly before?: (engine: HttpEngine) => void;
}

/** Starts an engine that forwards everything to the upstreams at `ports`. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const outcomes: Gateway['outcomes'] = [];
  const rejections: Gateway['rejections'] = [];
  const exchanges: GatewayExchange[] = [];
  const clock = options.clock ?? systemClock;
  const core: Core = {
    onRequest(exchange) {
      exchanges.push(exchange);
      const decided = options.decide?.(exchange);
      if (decided) return decided;
      const pool = engine.pool('default/up')!;
      return {
        kind: 'upstream',
        forward: {
          pool,
          target: undefined,
          host: undefined,
          connectMs: 2000,
          firstByteMs: 5000,
          idleMs: 5000,
          bodyBytesMax: 1 << 30,
          upgrades: ['websocket'],
          tunnelIdleMs: 5000,
          ...options.forward,
        },
      };
    },
    onResponse: options.onResponse ?? (() => undefined),
    onDone: (exchange, outcome) => void outcomes.push({ path: exchange.path, outcome: { ...outcome } }),
    onRejected: (rejection) => void rejections.push(rejection),
  };
  const engine = createEngine({
    core,
    clock,
    limits: { ...LIMITS, ...options.limits },
    random: seededRandom(1),
    newId: idGenerator(systemClock, seededRandom(2)),
    log: options.log ?? silentLog,
    tickMs: options.tickMs ?? 20,
    ...(options.resolve ? { resolve: options.resolve } : {}),
    ...(options.ownPorts ? { ownPorts: options.ownPorts } : {}),
  });
  const targets = (options.ports ?? []).map((port, i) => ({ host: options.hosts?.[i] ?? '127.0.0.1', port, weight: 1 }));
  engine.putUpstream({
    project: 'default',
    name: 'up',
    targets,
    connectionsMax: options.connectionsMax ?? 10,
    idleMs: 5000,
    ...options.upstream,
  });
  options.before?.(engine);
  const port = await engine.listen({ host: '127.0.0.1', port: 0, reusePort: false, ...LISTENER, ...options.listener });
  const stop = () => {
    const drained = engine.drain(0);
    if ('advance' in clock) (clock as ManualClock).advance(1); // The grace is over, whichever clock it is.
    return drained;
  };
  return { engine, port, outcomes, rejections, exchanges, stop };
}

/** A client that sends bytes and waits for what it expects. */
export class Talk {
  readonly socket: Socket;
  text = '';
  ended = false;
  /** True when the connection ended in a reset. */
  reset = false;
  private changed: () => void = () => {};

  constructor(port: number, options: { allowHalfOpen?: boolean; paused?: boolean } = {}) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: options.allowHalfOpen ?? false });
    if (!options.paused) this.socket.on('data', (chunk) => ((this.text += chunk.toString('latin1')), this.changed()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => void (this.reset ||= error.code === 'ECONNRESET'));
    this.socket.on('close', () => ((this.ended = true), this.changed()));
    this.socket.on('end', () => ((this.ended = true), this.changed()));
  }

  send(text: string | Buffer): this {
    this.socket.write(text as string, 'latin1');
    return this;
  }

  /** Waits until `test` holds for everything received; fails after a while with what there is. */
  async until(test: (text: string) => boolean): Promise<string> {
    const cancelAt = AbortSignal.timeout(WAIT_MS);
    while (!test(this.text)) {
      if (cancelAt.aborted || (this.ended && !test(this.text)))
        throw new Error(`not received: ${JSON.stringify(this.text.slice(0, 2000))}`);
      await new Promise<void>((resolve) => {
        this.changed = resolve;
        cancelAt.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return this.text;
  }

  /** Waits for the connection's end; answers everything received. */
  async end(): Promise<string> {
    await eventually(() => this.ended, 'the connection ended');
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Waits until `condition` holds, looking after each turn of the loop; bounded. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const give = AbortSignal.timeout(WAIT_MS);
  while (!condition()) {
    if (give.aborted) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets everybody here read what has come, so many times. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Runs `body` between a client and a scripted upstream, and takes both down afterwards. */
export async function between(
  script: (socket: Socket, text: string, upstream: Upstream) => void,
  options: Omit<GatewayOptions, 'ports'>,
  body: (gateway: Gateway, upstream: Upstream, talk: Talk) => Promise<void>,
): Promise<void> {
  const upstream = await startUpstream(script);
  const gateway = await startGateway({ ...options, ports: [upstream.port] });
  const talk = new Talk(gateway.port);
  try {
    await body(gateway, upstream, talk);
  } finally {
    talk.close();
    await gateway.stop();
    upstream.close();
  }
}
