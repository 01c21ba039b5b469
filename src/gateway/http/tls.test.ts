// Aim: TLS as people expect of a gateway: the right certificate for a name, nothing old or weak, client certificates per
// listener, sessions resumed, and a new certificate without a connection lost. Method: an engine on real sockets, spoken
// to by node:tls and the openssl program, with certificates made for the test.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { makeAuthority, type Pair } from '../../../test/certificates.ts';
import type { CompiledListener, CompiledTls } from '../../sdk/listener.ts';
import { eventually, type Gateway } from './fixture.ts';
import { tlsListener, tlsOf, withListener } from '../../../test/gateway/tls-listener.ts';
import { sharedContext } from './tls.ts';

const authority = makeAuthority();
const shop = authority.leaf(['shop.example.test']);
const wild = authority.leaf(['*.example.test']);
const rsa = authority.leaf(['rsa.example.test'], { rsa: true });
const partner = authority.leaf([], { client: '/O=Partner "Ltd"/CN=partner' });
const folder = mkdtempSync(path.join(tmpdir(), 'weir-tls-'));
writeFileSync(path.join(folder, 'root.pem'), authority.root);
after(() => {
  authority.end();
  rmSync(folder, { recursive: true, force: true });
});

const certificate = (name: string, pair: Pair, hosts: readonly string[]) => ({ name, ...pair, hosts });
const TLS = tlsOf([
  certificate('shop', shop, ['shop.example.test']),
  certificate('wild', wild, ['*.example.test']),
  certificate('rsa', rsa, ['rsa.example.test']),
]);

function listener(port: number, tls: Partial<CompiledTls> = {}, over: Partial<CompiledListener> = {}): CompiledListener {
  return tlsListener(port, { ...TLS, ...tls }, over);
}

function withTls(
  tls: Partial<CompiledTls>,
  body: (port: number, gateway: Gateway, received: string[]) => Promise<void>,
  over: Partial<CompiledListener> = {},
): Promise<void> {
  const limits = { connectionsMax: 1000, connectionsPerAddressMax: 1000, keepAliveMs: 60_000 };
  return withListener((port) => listener(port, tls, over), body, { limits });
}

/** One handshake and one request; the error's code in place of the answer when that fails. */
async function ask(
  port: number,
  options: ConnectionOptions = {},
): Promise<{ text: string; socket: TLSSocket; code: string; session: Buffer | undefined }> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.root, servername: 'shop.example.test', ...options });
  let [text, code] = ['', ''];
  let session: Buffer | undefined;
  socket.on('session', (one) => (session = one));
  const over = Promise.withResolvers<void>();
  socket.on('data', (chunk) => (text += chunk).endsWith('here') && over.resolve());
  socket.on('close', () => over.resolve());
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? error.message));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await over.promise;
  return { text, socket, code, session };
}

const endedOf = (gateway: Gateway): Record<string, number> => Object.fromEntries(gateway.engine.listenerNumbers()[1]!.ended);
const nameOf = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN);

test('the certificate fits the name: exact, wildcard, else the default; an unknown one may be refused', async () => {
  await withTls({}, async (port, gateway, received) => {
    for (const [servername, expected] of [
      ['shop.example.test', 'shop.example.test'],
      ['other.example.test', '*.example.test'],
      ['RSA.example.test', 'rsa.example.test'],
      ['deep.shop.example.test', 'shop.example.test'],
      ['elsewhere.test', 'shop.example.test'],
    ] as const) {
      const { socket, text } = await ask(port, { servername, checkServerIdentity: () => undefined });
      assert.equal(nameOf(socket), expected, servername);
      assert.ok(socket.authorized, 'the chain is complete');
      assert.equal(socket.alpnProtocol, false);
      assert.match(text, /200 OK/);
      socket.destroy();
    }
    assert.match(received[0]!, /\r\nx-forwarded-proto: https\r\n/);
    gateway.engine.putListener(listener(port, { unknownName: 'refuse' }));
    const { text, socket } = await ask(port, { servername: 'elsewhere.test' });
    assert.equal(text, '');
    socket.destroy();
    await eventually(() => endedOf(gateway)['tls-unknown-name'] === 1, 'the refusal is counted');
    const known = await ask(port, { servername: 'other.example.test' });
    assert.match(known.text, /200 OK/);
    known.socket.destroy();
  });
});

const run = promisify(execFile);

/** What the openssl client says; `R` in place of a last argument asks for a renegotiation. */
async function openssl(port: number, ...args: string[]): Promise<string> {
  const command = args.at(-1) === 'R' ? args.pop()! : 'Q';
  const all = [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-servername',
    'shop.example.test',
    '-CAfile',
    path.join(folder, 'root.pem'),
    ...args,
  ];
  const child = run('openssl', all, { timeout: 15_000 });
  child.child.stdin?.on('error', () => {}); // It may be gone before it has read its command.
  child.child.stdin?.end(`${command}\n`);
  return child.then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  );
}

test('old versions, weak ciphers, compression and renegotiation are not to be had', async () => {
  await withTls({}, async (port) => {
    const refused =
      /handshake failure|protocol version|no protocols available|wrong version|unsupported protocol|no cipher match|internal error/;
    const ciphers = [
      'AES128-SHA',
      'AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-ECDSA-AES128-SHA256',
      'NULL',
      'aNULL',
      'RC4',
      '3DES',
    ];
    const asked = [
      ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'],
      ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'],
      ...ciphers.map((cipher) => ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`]),
    ];
    for (const [i, text] of (await Promise.all(asked.map((args) => openssl(port, ...args)))).entries())
      assert.match(text, refused, asked[i]!.join(' '));
    const [older, newer] = await Promise.all([openssl(port, '-tls1_2', '-status'), openssl(port, '-tls1_3', '-status')]);
    for (const text of [older, newer]) {
      assert.match(text, /Verify return code: 0 \(ok\)/);
      assert.match(text, /Compression: NONE/);
      assert.match(text, /OCSP response: no response sent/);
    }
    assert.match(older, /Cipher is ECDHE-ECDSA-AES\d+-GCM/);
    assert.match(older, /Secure Renegotiation IS supported/);
    assert.match(newer, /New, TLSv1\.3, Cipher is TLS_/);
    assert.match(await openssl(port, '-alpn', 'http/1.1'), /ALPN protocol: http\/1\.1/);
    assert.match(await openssl(port, '-tls1_2', 'R'), /RENEGOTIATING[\s\S]*no renegotiation/);
  });
  await withTls({ minVersion: 'TLSv1.3' }, async (port) => {
    const { text, code } = await ask(port, { maxVersion: 'TLSv1.2' });
    assert.equal(text, '');
    assert.match(code, /EPROTO|PROTOCOL_VERSION/);
  });
});

test('client certificates are asked for on the listener that says so, and told upstream past all forgery', async () => {
  const authorities = { clientAuthorities: authority.root + authority.intermediate, tellClientCertificate: true };
  const stranger = makeAuthority();
  const foreign = stranger.leaf([], { client: '/CN=partner' });
  stranger.end();
  const shown = { cert: partner.chain, key: partner.key };
  await withTls({ clientCertificates: 'required', ...authorities }, async (port, gateway, received) => {
    for (const servername of ['shop.example.test', 'other.example.test']) {
      const { text, socket } = await ask(port, { ...shown, servername });
      assert.match(text, /200 OK/, `${servername}: a context of a name asks too`);
      socket.destroy();
    }
    const { clientCertificate } = gateway.exchanges[0]!;
    assert.match(clientCertificate!.subject, /^CN=partner,O=Partner/);
    assert.match(clientCertificate!.fingerprint, /^[0-9a-f]{64}$/);
    assert.match(
      received[0]!,
      new RegExp(`\\r\\nx-forwarded-client-cert: Hash=${clientCertificate!.fingerprint};Subject="CN=partner,O=Partner [^\\r]*"\\r\\n`),
    );
    for (const wrong of [{}, { cert: foreign.chain, key: foreign.key }]) {
      const { text } = await ask(port, { ...wrong, servername: 'other.example.test' });
      assert.equal(text, '');
    }
    await eventually(() => Object.values(endedOf(gateway)).reduce((a, b) => a + b, 0) >= 2, 'both refusals are counted');
    assert.deepEqual(Object.keys(endedOf(gateway)).sort(), ['client-certificate-missing', 'client-certificate-refused']);
  });
  await withTls({ clientCertificates: 'optional', ...authorities }, async (port, gateway, received) => {
    const without = await ask(port);
    assert.match(without.text, /200 OK/);
    assert.doesNotMatch(received[0]!, /client-cert/);
    assert.equal(gateway.exchanges[0]!.clientCertificate, undefined);
    const withOne = await ask(port, shown);
    assert.equal(gateway.exchanges[1]!.clientCertificate?.subject.startsWith('CN=partner'), true);
    const wrong = await ask(port, { cert: foreign.chain, key: foreign.key });
    assert.equal(wrong.text, '', 'who shows a certificate means to be known by it');
    without.socket.destroy();
    withOne.socket.destroy();
  });
});

test('a certificate costs once, however many listeners show it; other rules or another key are another context', () => {
  const [old, authorities] = [{ minVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.2', ca: authority.root }] as const;
  const first = sharedContext(shop, old);
  assert.equal(sharedContext(shop, { ...old }), first);
  assert.notEqual(sharedContext(shop, authorities), first);
  assert.notEqual(sharedContext(authority.leaf(['shop.example.test']), old), first);
});

test('a listener with many certificates is prepared a certificate at a time, and names find theirs', async () => {
  await withTls({}, async (port, gateway) => {
    const named = Array.from({ length: 50 }, (_, i) => certificate(`c${i}`, i % 2 === 0 ? shop : wild, [`n${i}.test`, `*.n${i}.test`]));
    const many = listener(port, { certificates: named });
    let steps = 0;
    for (const _ of gateway.engine.prepareListener(many)) steps++;
    assert.equal(steps, named.length);
    const before = await ask(port, { servername: 'rsa.example.test' });
    assert.equal(nameOf(before.socket), 'rsa.example.test', 'what is prepared does not serve yet');
    gateway.engine.putListener(many);
    assert.equal([...gateway.engine.prepareListener(structuredClone(many))].length, 0, 'the same again is no work');
    for (const [servername, expected] of [
      ['n48.test', 'shop.example.test'],
      ['a.n49.test', '*.example.test'],
    ] as const) {
      const { socket } = await ask(port, { servername, checkServerIdentity: () => undefined });
      assert.equal(nameOf(socket), expected);
      socket.destroy();
    }
    before.socket.destroy();
  });
});

test('two hundred connections through changes of certificate, and none is lost', async () => {
  await withTls({}, async (port, gateway) => {
    const seen = new Set<string>();
    const pairs = [shop, authority.leaf(['shop.example.test']), authority.leaf(['shop.example.test'])];
    const standing = await ask(port);
    let done = 0;
    for (let wave = 0; wave < 10; wave++) {
      const asked = Array.from({ length: 20 }, async () => {
        const { text, socket, code } = await ask(port);
        assert.match(text, /200 OK/, code);
        seen.add(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
        done++;
      });
      const next = certificate('shop', pairs[(wave + 1) % 3]!, ['shop.example.test']);
      gateway.engine.putListener(listener(port, { certificates: [next] }));
      await Promise.all(asked);
    }
    assert.equal(done, 200);
    assert.equal(seen.size, 3, 'each certificate was seen');
    assert.ok(!standing.socket.closed, 'what stood before the first change still stands');
    standing.socket.destroy();
    gateway.engine.putListener(listener(port, { certificates: [certificate('bad', { chain: 'no', key: 'no' }, [])] }));
    assert.match(gateway.engine.listeners()[1]!.reason!.en, /PEM|no start line|unsupported/i);
    const after = await ask(port);
    assert.match(after.text, /200 OK/, 'the last good one serves on');
    after.socket.destroy();
  });
});

test('a session is resumed on another thread that has the same key, and not under a new key', async () => {
  const key = Buffer.alloc(48, 7);
  await withTls({}, (first, one) =>
    withTls({}, async (second, two) => {
      one.engine.useTicketKey(key);
      two.engine.useTicketKey(key);
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const begun = await ask(first, { minVersion: version, maxVersion: version });
        await eventually(() => begun.session !== undefined, 'a ticket came');
        const again = await ask(second, { session: begun.session!, minVersion: version, maxVersion: version });
        assert.ok(again.socket.isSessionReused(), `${version}: resumed by another engine`);
        two.engine.useTicketKey(Buffer.alloc(48, 8));
        const later = await ask(second, { session: begun.session!, minVersion: version, maxVersion: version });
        assert.match(later.text, /200 OK/);
        assert.ok(!later.socket.isSessionReused(), `${version}: the key was rotated`);
        two.engine.useTicketKey(key);
        for (const { socket } of [begun, again, later]) socket.destroy();
      }
      // A door made after the key was told has it too.
      two.engine.putListener(listener(second, { certificates: [certificate('wild', wild, ['*.example.test'])] }));
      const begun = await ask(first);
      await eventually(() => begun.session !== undefined, 'a ticket came');
      const again = await ask(second, { session: begun.session! });
      assert.ok(again.socket.isSessionReused());
      for (const { socket } of [begun, again]) socket.destroy();
    }),
  );
});

test('sessions of clients whose authority is not trusted any more are not resumed: that would verify no certificate', async () => {
  const other = makeAuthority();
  const clientCertificates = 'required';
  const before = { clientCertificates, clientAuthorities: authority.root + authority.intermediate } as const;
  await withTls(before, async (port, gateway) => {
    gateway.engine.useTicketKey(Buffer.alloc(48, 7)); // Else a changed listener has a key of its own.
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const versions = { minVersion: version, maxVersion: version };
      gateway.engine.putListener(listener(port, before));
      const begun = await ask(port, { ...versions, cert: partner.chain, key: partner.key });
      await eventually(() => begun.session !== undefined, 'a ticket came');
      const again = await ask(port, { ...versions, session: begun.session! });
      assert.ok(again.socket.isSessionReused(), `${version}: resumed while its authority is trusted`);
      gateway.engine.putListener(listener(port, { clientCertificates, clientAuthorities: other.root }));
      const later = await ask(port, { ...versions, session: begun.session! });
      assert.equal(later.text, '', `${version}: the authority is not trusted any more`);
      for (const { socket } of [begun, again, later]) socket.destroy();
    }
  });
  other.end();
});

test('handshakes are bounded in time and number, and a PROXY header may stand before one', async () => {
  await withTls(
    {},
    async (port, gateway) => {
      const silent = [connectTcp(port, '127.0.0.1'), connectTcp(port, '127.0.0.1')];
      for (const socket of silent) socket.on('error', () => {});
      await eventually(() => gateway.engine.listenerNumbers()[1]!.accepted === 2, 'both are in');
      const third = await ask(port);
      assert.equal(third.text, '');
      await eventually(() => silent.every((socket) => socket.closed), 'the silent ones are cut off');
      assert.equal(endedOf(gateway)['tls-too-many-handshakes'], 1);
      assert.equal(endedOf(gateway)['tls-handshake-timeout'], 2);
      const plain = connectTcp(port, '127.0.0.1');
      plain.on('error', () => {});
      plain.write('GET / HTTP/1.1\r\n\r\n');
      await eventually(() => endedOf(gateway)['tls-handshake-failed'] === 1, 'plain text is refused');
      plain.destroy();
      const good = await ask(port);
      assert.match(good.text, /200 OK/);
      good.socket.destroy();
    },
    { limits: { handshakeMs: 250, handshakesMax: 2 } },
  );
  await withTls(
    {},
    async (port, gateway) => {
      const raw = connectTcp(port, '127.0.0.1');
      raw.write('PROXY TCP4 198.51.100.7 10.0.0.1 1 80\r\n');
      const { text, socket } = await ask(port, { socket: raw });
      assert.match(text, /200 OK/);
      assert.equal(gateway.exchanges[0]!.clientAddress, '198.51.100.7');
      socket.destroy();
    },
    { proxyProtocol: 'required', trustedProxies: ['127.0.0.1'] },
  );
});
