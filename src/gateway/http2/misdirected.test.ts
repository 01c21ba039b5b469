// Aim: a connection of HTTP/2 is not asked for a name of another certificate than it saw, and everybody who may ask for other
// names still can. Method: node:http2 and node:tls against an engine whose listener has two certificates; then the names alone.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { makeAuthority } from '../../../test/certificates.ts';
import type { CompiledCertificate, CompiledListener } from '../../sdk/listener.ts';
import { CertificateNames, coverageOf } from '../http/coverage.ts';
import { eventually, type Gateway } from '../http/fixture.ts';
import { tlsListener, tlsOf, withListener } from '../../../test/gateway/tls-listener.ts';

const authority = makeAuthority();
after(() => authority.end());
const certificates: readonly CompiledCertificate[] = [
  { name: 'shop', ...authority.leaf(['shop.example.test', 'pay.example.test']), hosts: ['shop.example.test', 'pay.example.test'] },
  { name: 'wild', ...authority.leaf(['*.example.test']), hosts: ['*.example.test'] },
];

function withTls(over: Partial<CompiledListener>, several: boolean, body: (port: number, gateway: Gateway) => Promise<void>) {
  const tls = tlsOf(several ? certificates : certificates.slice(0, 1));
  return withListener((port) => tlsListener(port, tls, over), body);
}

/** Status for each authority, asked in turn over one connection whose handshake named `servername`. */
async function statuses(port: number, servername: string, authorities: readonly string[], raw?: Socket): Promise<number[]> {
  const options: ConnectionOptions = { ca: authority.root, ALPNProtocols: ['h2'], checkServerIdentity: () => undefined };
  const socket = connectTls({ ...options, ...(raw ? { socket: raw } : { port, host: '127.0.0.1' }), ...(servername && { servername }) });
  await once(socket, 'secureConnect');
  return asked(socket, servername || 'a.test', authorities);
}

async function asked(socket: TLSSocket, name: string, authorities: readonly string[]): Promise<number[]> {
  const session = connect(`https://${name}`, { createConnection: () => socket });
  session.on('error', () => {});
  const got: number[] = [];
  for (const each of authorities) {
    const stream = session.request({ ':path': '/x', ':authority': each });
    stream.on('error', () => {});
    const [fields] = await once(stream, 'response');
    got.push(fields[':status']);
    stream.resume();
    await once(stream, 'close');
  }
  session.destroy();
  return got;
}

test('a name of another certificate is misdirected, and the connection goes on', async () => {
  await withTls({}, true, async (port, gateway) => {
    const names = ['shop.example.test', 'PAY.example.test:9443', 'other.example.test', 'other.example.test:1', 'pay.example.test'];
    assert.deepEqual(await statuses(port, 'shop.example.test', names), [200, 200, 421, 421, 200]);
    assert.equal(gateway.exchanges.length, 3, 'nobody decides on what is misdirected');
    const [{ reason, status, request }] = gateway.rejections as [Gateway['rejections'][number]];
    assert.deepEqual([reason, status, request!.method, request!.path], ['core/http/misdirected', 421, 'GET', '/x']);
  });
});

test('names that the certificate is for, or nobody’s, are served, be there a better certificate or not', async () => {
  await withTls({}, true, async (port) => {
    const names = ['other.example.test', 'shop.example.test', 'elsewhere.test', '127.0.0.1:1', '[::1]:443'];
    assert.deepEqual(await statuses(port, 'Other.example.test', names), [200, 200, 200, 200, 200]);
  });
});

test('no name, a name nobody has, and one certificate alone lead anywhere', async () => {
  await withTls({}, true, async (port) => {
    for (const servername of ['', 'elsewhere.test'])
      assert.deepEqual(await statuses(port, servername, ['other.example.test', 'shop.example.test']), [200, 200], servername);
  });
  await withTls({}, false, async (port) => assert.deepEqual(await statuses(port, 'shop.example.test', ['other.example.test']), [200]));
});

test('trusted proxies and clients of HTTP/1.1 ask for what they want', async () => {
  await withTls({ proxyProtocol: 'required', trustedProxies: ['127.0.0.1'] }, true, async (port) => {
    const open = async (header: string) => {
      const raw = connectTcp(port, '127.0.0.1');
      await once(raw, 'connect');
      raw.write(header);
      return raw;
    };
    const client = await open('PROXY TCP4 198.51.100.7 10.0.0.1 1 80\r\n');
    assert.deepEqual(await statuses(port, 'shop.example.test', ['other.example.test'], client), [421], 'a client behind a proxy of TCP');
    const itself = await open('PROXY UNKNOWN\r\n');
    assert.deepEqual(await statuses(port, 'shop.example.test', ['other.example.test'], itself), [200]);
  });
  await withTls({}, true, async (port) => {
    const socket = connectTls({ port, host: '127.0.0.1', ca: authority.root, servername: 'shop.example.test' });
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    socket.write('GET / HTTP/1.1\r\nhost: other.example.test\r\n\r\n');
    await eventually(() => text.endsWith('here'), 'the answer came');
    socket.destroy();
  });
});

test('a session of TLS 1.3 that is resumed is held to the name it came back with', async () => {
  await withTls({}, true, async (port, gateway) => {
    gateway.engine.useTicketKey(Buffer.alloc(48, 7));
    let session: Buffer | undefined;
    const handshake = async (): Promise<TLSSocket> => {
      const options = { port, host: '127.0.0.1', ca: authority.root, servername: 'shop.example.test', ALPNProtocols: ['h2'] };
      const socket = connectTls({ ...options, ...(session ? { session } : {}) });
      socket.on('session', (ticket) => (session ??= ticket));
      await once(socket, 'secureConnect');
      return socket;
    };
    const first = await handshake();
    first.resume();
    await eventually(() => session !== undefined, 'a ticket came');
    first.destroy();
    const again = await handshake();
    assert.ok(again.isSessionReused());
    assert.deepEqual(await asked(again, 'shop.example.test', ['shop.example.test', 'other.example.test']), [200, 421]);
  });
});

test('names are compared without case, final dot and port', () => {
  const names = new CertificateNames(certificates);
  for (const place of certificates.keys()) names.add(place);
  const find = (asked: string) => certificates[names.find(asked) ?? -1]?.name;
  const found = ['shop.example.test', 'SHOP.example.test.', 'x.example.test', 'a.x.example.test', 'example.test', ''].map(find);
  assert.deepEqual(found, ['shop', 'shop', 'wild', undefined, undefined, undefined]);
  const coverage = coverageOf(names, 'shop.example.test.')!;
  const judged = ['x.example.test.', 'x.example.test', 'shop.example.test.:443', '', '.example.test'].map((host) => coverage.covers(host));
  assert.deepEqual(judged, [false, false, true, true, true]);
  assert.deepEqual(
    ([false, null, '', 'elsewhere.test'] as const).map((said) => coverageOf(names, said)),
    Array(4).fill(undefined),
  );
});
