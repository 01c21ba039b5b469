/**
 * One health check of one target: a connection of its own, one request, the head of its answer. What it says is a word: why
 * the target is not well, or nothing. Read by the same strict parser as every other answer.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { CompiledHealthCheck, CompiledTarget } from '../../sdk/upstream.ts';
import { createHeadPool, FAULT, MORE } from '../http/head.ts';
import { hostLines } from '../http/messages.ts';
import { Http2Sessions, type Http2SessionsHost } from '../upstream/http2-sessions.ts';
import type { Names } from '../upstream/names.ts';
import { openSocket, tlsReason, type UpstreamTls } from '../upstream/socket.ts';
import { Target } from '../upstream/target.ts';

export interface ProbeTools {
  readonly clock: Clock;
  readonly names: Names;
  readonly isRefused: (address: string, port: number) => boolean;
}

/** Asks a target; answers `''` when it is well, else why not: `status 503`, `late`, `unreachable`, `malformed`, `tls-expired` … */
export type Probe = (target: CompiledTarget, check: CompiledHealthCheck, tls: UpstreamTls | undefined, end: AbortSignal) => Promise<string>;

const HEAD_LIMITS = { headBytesMax: 16 * 1024, headersMax: 100, targetBytesMax: 1024 };
const READ_BYTES = 16 * 1024;
/** A connection for one check, which has a deadline of its own. */
const ONE_CHECK: Http2SessionsHost = {
  wheel: { set() {}, drop() {}, now: 0 },
  rules: { connectionsMax: 1, streamsMax: 1, windowBytes: 65_536, pingMs: 60_000 },
  idleMs: () => 0,
  onFlood: () => {},
  passesTrailers: () => false,
};

/** Makes the asking. */
export function createProbe({ clock, names, isRefused }: ProbeTools): Probe {
  const heads = createHeadPool('response', HEAD_LIMITS, 8);

  async function addressOf(host: string): Promise<string | undefined> {
    if (!names.addresses(host)) await names.settled(host);
    return names.addresses(host)?.[0];
  }

  return async (compiled, check, tls, end) => {
    const address = await addressOf(compiled.host);
    if (address === undefined) return 'no-address';
    if (isRefused(address, compiled.port)) return 'refused';
    if (end.aborted) return 'stopped';
    const target = new Target(compiled, tls !== undefined);
    const sessions = check.http2 ? new Http2Sessions(ONE_CHECK) : undefined;
    const head = heads.take();
    try {
      const request = requestOf(check, target);
      const told = await askOnce(
        { address, port: compiled.port, serverName: target.serverName, tls, sessions },
        request,
        clock,
        check.timeoutMs,
        end,
        (got) => {
          head.begin(got, 0);
          for (;;) {
            const result = head.parse(got.length);
            if (result === MORE) return undefined;
            if (result === FAULT) return 'malformed';
            if (head.status >= 200) break;
            head.begin(got, head.end);
          }
          return check.statuses.some(([from, to]) => head.status >= from && head.status <= to) ? '' : `status ${head.status}`;
        },
      );
      return told;
    } finally {
      heads.give(head);
      sessions?.destroy();
    }
  };
}

function requestOf({ method, path, host }: CompiledHealthCheck, target: Target): Buffer {
  const lines = host === undefined ? target.hostLines : hostLines(host); // They begin with the version.
  const fields = 'user-agent: weir-health-check\r\nconnection: close\r\n\r\n';
  return Buffer.concat([Buffer.from(`${method} ${path}`, 'latin1'), lines, Buffer.from(fields, 'latin1')]);
}

/** Sends and reads until `read` answers; ends the socket in every case. */
function askOnce(
  to: {
    readonly address: string;
    readonly port: number;
    readonly serverName: string;
    readonly tls: UpstreamTls | undefined;
    readonly sessions: Http2Sessions | undefined;
  },
  request: Buffer,
  clock: Clock,
  timeoutMs: number,
  end: AbortSignal,
  read: (got: Buffer) => string | undefined,
): Promise<string> {
  return new Promise((resolve) => {
    let got: Buffer = Buffer.alloc(0);
    let error: NodeJS.ErrnoException | undefined;
    let isConnected = false;
    const finish = (told: string): void => {
      cancel();
      end.removeEventListener('abort', stop);
      socket.destroy();
      resolve(told);
    };
    const stop = (): void => finish('stopped');
    const memory = Buffer.allocUnsafe(READ_BYTES);
    const socket: Socket = openSocket(
      { ...to, session: undefined },
      {
        buffer: () => memory,
        onSession: () => {},
        onBytes(b, count) {
          if (got.length + count > HEAD_LIMITS.headBytesMax) return finish('malformed');
          got = Buffer.concat([got, b.subarray(0, count)]);
          const told = read(got);
          if (told !== undefined) finish(told);
        },
      },
    );
    const cancel = clock.after(timeoutMs, () => finish('late'), { unref: true });
    end.addEventListener('abort', stop, { once: true });
    socket.on(to.tls ? 'secureConnect' : 'connect', () => {
      isConnected = true;
      socket.write(request);
    });
    socket.on('error', (caught) => (error = caught));
    socket.on('close', () => {
      const tls = to.tls && !isConnected ? tlsReason(error) : '';
      finish(tls === '' ? (isConnected ? 'closed' : 'unreachable') : `tls-${tls}`);
    });
  });
}
