/** For tests and benchmarks: a listener that speaks TLS, as a `Listener` resource makes it. */
import { freePort } from '../certificates.ts';
import type { CompiledCertificate, CompiledListener, CompiledTls } from '../../src/sdk/listener.ts';
import {
  eventually,
  type Gateway,
  type GatewayOptions,
  LISTENER,
  ok,
  startGateway,
  startUpstream,
} from '../../src/gateway/http/fixture.ts';

/** TLS with these certificates, else as when nothing is said. */
export function tlsOf(certificates: readonly CompiledCertificate[]): CompiledTls {
  return {
    certificates,
    unknownName: 'default',
    minVersion: 'TLSv1.2',
    ciphers: undefined,
    clientCertificates: 'off',
    clientAuthorities: undefined,
    tellClientCertificate: false,
  };
}

/** A listener with `tls`, else as when nothing is said. */
export function tlsListener(port: number, tls: CompiledTls, over: Partial<CompiledListener> = {}): CompiledListener {
  return { project: 'default', name: 'secure', addresses: ['127.0.0.1'], port, tls, limits: {}, ...LISTENER, ...over };
}

/** Runs `body` with the port of such a listener, open, in front of an upstream that answers `here`. */
export async function withListener(
  listener: (port: number) => CompiledListener,
  body: (port: number, gateway: Gateway, received: string[]) => Promise<void>,
  options: Omit<GatewayOptions, 'ports'> = {},
): Promise<void> {
  const upstream = await startUpstream((socket) => socket.write(ok('here')));
  const gateway = await startGateway({ ...options, ports: [upstream.port] });
  const port = await freePort();
  try {
    gateway.engine.putListener(listener(port));
    await eventually(() => gateway.engine.listeners()[1]?.addresses[0]?.state === 'open', 'the listener is open');
    await body(port, gateway, upstream.received);
  } finally {
    await gateway.stop();
    upstream.close();
  }
}
