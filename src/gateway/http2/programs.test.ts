// Aim: what is agreed on by ALPN is spoken, and programs people have speak HTTP/2 with us, over TLS and without. Method: a
// listener with a certificate made for the test; node:http2, node:tls and curl.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { makeAuthority } from '../../../test/certificates.ts';
import { eventually, type Gateway } from '../http/fixture.ts';
import { tlsListener, tlsOf, withListener } from '../../../test/gateway/tls-listener.ts';

const authority = makeAuthority();
const pair = authority.leaf(['shop.example.test']);
const folder = mkdtempSync(path.join(tmpdir(), 'weir-http2-'));
const root = path.join(folder, 'root.pem');
writeFileSync(root, authority.root);
after(() => {
  authority.end();
  rmSync(folder, { recursive: true, force: true });
});

function withTls(http2: boolean, body: (port: number, gateway: Gateway, received: string[]) => Promise<void>): Promise<void> {
  const tls = tlsOf([{ name: 'shop', ...pair, hosts: ['shop.example.test'] }]);
  return withListener((port) => tlsListener(port, tls, { http2 }), body);
}

/** What ALPN agrees on. */
async function agreed(port: number, protocols: string[]): Promise<string | false | null> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: authority.root, servername: 'shop.example.test', ALPNProtocols: protocols });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const protocol = socket.alpnProtocol;
  socket.destroy();
  return protocol;
}

test('over TLS the client and ALPN choose; h2 comes first where it is on', async () => {
  await withTls(true, async (port) => {
    assert.equal(await agreed(port, ['http/1.1', 'h2']), 'h2');
    assert.equal(await agreed(port, ['http/1.1']), 'http/1.1');
  });
  await withTls(false, async (port) => assert.equal(await agreed(port, ['http/1.1', 'h2']), 'http/1.1'));
});

test('a request over TLS and HTTP/2 is one of https', async () => {
  await withTls(true, async (port, gateway, received) => {
    const session = connect(`https://shop.example.test:${port}`, {
      ca: authority.root,
      lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never, 4),
    });
    const stream = session.request({ ':path': '/a' });
    let body = '';
    stream.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    await eventually(() => stream.destroyed, 'the stream ended');
    assert.equal(body, 'here');
    assert.match(received[0]!, /\r\nx-forwarded-proto: https\r\n/);
    assert.match(received[0]!, /\r\nx-forwarded-host: shop\.example\.test:/);
    assert.equal(gateway.exchanges[0]!.listener, 'secure');
    session.close();
  });
});

const hasCurl = (() => {
  try {
    return /HTTP2/.test(execFileSync('curl', ['--version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
})();

test('curl gets its answers by --http2 and by --http2-prior-knowledge', { skip: !hasCurl && 'there is no curl with HTTP/2' }, async () => {
  const curl = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('curl', ['-sS', '-m', '10', '-w', ' %{http_version} %{http_code}', ...args]);
    return stdout;
  };
  await withTls(true, async (port, gateway) => {
    const secure = ['--cacert', root, '--resolve', `shop.example.test:${port}:127.0.0.1`];
    const url = `https://shop.example.test:${port}/a`;
    assert.equal(await curl('--http2', ...secure, url), 'here 2 200');
    assert.equal(await curl('--http1.1', ...secure, url), 'here 1.1 200');
    const plain = `http://127.0.0.1:${gateway.port}/a`;
    assert.equal(await curl('--http2-prior-knowledge', plain), 'here 2 200');
    assert.equal(await curl('--http2-prior-knowledge', '-d', 'a=b', plain), 'here 2 200');
    // What curl does of itself on plain connections is ask for an upgrade, which must not be honoured.
    assert.match(await curl('--http2', plain), /^.* 1\.1 /s);
  });
});
