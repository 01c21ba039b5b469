/**
 * From a connection the system accepted to one that is served: counted, its client known, its TLS done.
 *
 *   accepted ─▶ counted in all ─▶ (PROXY header) ─▶ counted for its client ─▶ (TLS handshake) ─▶ served
 *
 * Each step may refuse; the reason goes to the listener's counts. Every step is bounded in bytes and time.
 */
import type { Socket } from 'node:net';
import type { Problem } from '../../base/problem.ts';
import type { Admission, Admitted } from './admission.ts';
import type { ClientHost, Entrance, OpenConnection } from './entrance.ts';
import { rejection } from './messages.ts';
import problems from './problems.ts';
import { openConnection } from './protocol.ts';
import { plainAddress } from './proxies.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import type { TlsDoor } from './tls.ts';
import type { EngineTools } from './tools.ts';
import { noDeadline, type Timed } from './wheel.ts';

/** What a binding offers its new connections. */
export interface AcceptingHost extends ClientHost {
  readonly tls: TlsDoor | undefined;
  readonly proxyProtocol: 'off' | 'required';
  readonly admission: Admission;
  /** The connection is served from now on. */
  onServed(connection: OpenConnection): void;
  /** A connection before its first request; answers what takes it off the list again. */
  onComing(raw: Socket): () => void;
}

/** Takes a connection in. */
export function acceptConnection(tools: EngineTools, host: AcceptingHost, raw: Socket): void {
  const { admission, profile } = host;
  const refused = host.isDraining ? 'too-many-connections' : admission.enter(profile.limits.connectionsMax);
  if (refused) return turnAway(tools, host, raw, refused);
  const address = plainAddress(raw.remoteAddress ?? '');
  if (host.proxyProtocol === 'off') return admit(tools, host, raw, address, undefined);
  const gone = comingIn(host, raw, undefined);
  if (profile.trust?.(address)) return void new ProxyHeaderReader(tools, host, raw, address, gone);
  host.onEnded('proxy-protocol-untrusted');
  raw.destroy();
}

/** The client is known: counts it, then TLS or the first request. `leave` ends what `comingIn` began. */
function admit(tools: EngineTools, host: AcceptingHost, raw: Socket, address: string, leave: (() => void) | undefined): void {
  const { limits, trust } = host.profile;
  const isProxy = trust?.(address) ?? false;
  const admitted = isProxy ? undefined : host.admission.enterFrom(address, limits.connectionsPerAddressMax);
  if (typeof admitted === 'string') {
    leave?.();
    host.admission.leave();
    return turnAway(tools, host, raw, admitted);
  }
  leave?.();
  if (host.tls) return secure(tools, host, raw, { address, isProxy, admitted });
  const entrance: Entrance = {
    raw,
    address,
    isProxy,
    scheme: 'http',
    protocol: 'http/1.1',
    certificate: undefined,
    coverage: undefined,
    admitted,
  };
  serve(tools, host, raw, entrance, undefined);
}

type Known = Pick<Entrance, 'address' | 'isProxy' | 'admitted'>;

function secure(tools: EngineTools, host: AcceptingHost, raw: Socket, known: Known): void {
  const door = host.tls!;
  const leave = comingIn(host, raw, known.admitted);
  if (door.pending() >= host.profile.limits.handshakesMax) {
    host.onEnded('tls-too-many-handshakes');
    return void raw.destroy();
  }
  door.accept(raw, (socket, certificate, names) => {
    leave();
    if (host.isDraining) {
      host.admission.leave();
      if (known.admitted) host.admission.leaveFrom(known.admitted);
      return void socket.destroy();
    }
    // Clients share connections among names in HTTP/2 alone; a proxy decides for itself what it asks for where.
    const coverage = socket.alpnProtocol === 'h2' && !known.isProxy ? names : undefined;
    serve(tools, host, socket, { ...known, raw, scheme: 'https', protocol: 'http/1.1', certificate, coverage }, socket.alpnProtocol);
  });
}

function serve(
  tools: EngineTools,
  host: AcceptingHost,
  socket: Socket,
  entrance: Entrance,
  agreed: string | false | null | undefined,
): void {
  host.onServed(openConnection(tools, host, socket, entrance, agreed));
}

/** Keeps count of a connection that is not served yet; the answer hands the count on to whoever serves it. */
function comingIn(host: AcceptingHost, raw: Socket, admitted: Admitted | undefined): () => void {
  raw.on('error', ignore);
  const off = host.onComing(raw);
  const onClose = (): void => {
    off();
    host.admission.leave();
    if (admitted) host.admission.leaveFrom(admitted);
  };
  raw.on('close', onClose);
  return () => {
    off();
    raw.off('close', onClose);
  };
}

/** Reads the PROXY header, then puts back what came behind it. */
class ProxyHeaderReader implements Timed {
  readonly deadline = noDeadline();
  private readonly tools: EngineTools;
  private readonly host: AcceptingHost;
  private readonly raw: Socket;
  private readonly address: string;
  private readonly leave: () => void;
  private bytes: Buffer = EMPTY;

  constructor(tools: EngineTools, host: AcceptingHost, raw: Socket, address: string, leave: () => void) {
    this.tools = tools;
    this.host = host;
    this.raw = raw;
    this.address = address;
    this.leave = leave;
    raw.on('data', this.onData);
    raw.on('end', this.onEnd);
    raw.on('close', this.onClose);
    tools.wheel.set(this, host.profile.limits.headMs);
  }

  onDeadline(): void {
    this.fail('proxy-protocol-timeout');
  }

  private readonly onClose = (): void => this.tools.wheel.clear(this);

  private readonly onEnd = (): void => this.fail('proxy-protocol-malformed');

  private readonly onData = (chunk: Buffer): void => {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    const read = readProxyHeader(this.bytes);
    if (read.kind === 'more') return;
    if (read.kind === 'malformed') return this.fail('proxy-protocol-malformed');
    const { tools, host, raw } = this;
    tools.wheel.clear(this);
    raw.off('data', this.onData);
    raw.off('end', this.onEnd);
    raw.off('close', this.onClose);
    raw.pause();
    const rest = this.bytes.subarray(read.length);
    if (rest.length > 0) raw.unshift(rest);
    admit(tools, host, raw, plainAddress(read.address ?? this.address), this.leave);
    if (!host.tls) raw.resume();
  };

  private fail(reason: string): void {
    this.tools.wheel.clear(this);
    this.host.onEnded(reason);
    this.raw.destroy();
  }
}

/** Beyond a limit a client gets one short answer and no reading; over TLS none, since a handshake is what costs. */
function turnAway(
  tools: EngineTools,
  host: AcceptingHost,
  raw: Socket,
  code: 'too-many-connections' | 'too-many-connections-from-address',
): void {
  raw.on('error', ignore);
  host.onEnded(code);
  if (host.tls) return void raw.destroy();
  const problem: Problem = problems.raise[code]({ retryAfterMs: RETRY_MS });
  const clientAddress = plainAddress(raw.remoteAddress ?? '');
  tools.core.onRejected({ clientAddress, status: problem.status, reason: problem.code, request: undefined });
  raw.write(rejection(problem, tools.ids.requestId(tools.wheel.now), tools.date()));
  raw.destroySoon();
}

const RETRY_MS = 5000;
const EMPTY = Buffer.alloc(0);

function ignore(): void {}
