// Aim: a PROXY header is read whole or refused, however it is cut, and what trusted proxies say is read from the right.
// Method: bytes of both versions at every cut, then heads with the fields.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { createTrust, isNetwork } from '../../sdk/networks.ts';
import { createAdmissionMemory, forgetThread, openAdmission } from './admission.ts';
import { Head } from './head.ts';
import { plainAddress, readOrigin } from './proxies.ts';
import { type ProxyHeader, readProxyHeader } from './proxy-protocol.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function binary(command: number, family: number, body: Buffer, size = body.length): Buffer {
  const fixed = Buffer.from([0x20 | command, family, size >> 8, size & 255]);
  return Buffer.concat([SIGNATURE, fixed, body]);
}

const ipv4 = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0, 80]);
const ipv6 = Buffer.concat([Buffer.from('20010db8000000000000000000000001', 'hex'), Buffer.alloc(16), Buffer.from([1, 2, 0, 80])]);
const tlvs = Buffer.from([0x05, 0, 3, 1, 2, 3]);

test('both versions give the client, and the bytes behind the header stay', () => {
  const cases: readonly (readonly [string, Buffer, string | undefined])[] = [
    ['v1', Buffer.from('PROXY TCP4 192.0.2.7 10.0.0.1 12345 80\r\n'), '192.0.2.7'],
    ['v1 of IPv6', Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 12345 80\r\n'), '2001:db8::1'],
    ['v1 unknown', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
    ['v1 unknown with words', Buffer.from('PROXY UNKNOWN ffff::1 what ever\r\n'), undefined],
    ['v2', binary(1, 0x11, ipv4), '192.0.2.7'],
    ['v2 with TLVs', binary(1, 0x11, Buffer.concat([ipv4, tlvs])), '192.0.2.7'],
    ['v2 of IPv6', binary(1, 0x21, ipv6), '2001:db8::1'],
    ['v2 local', binary(0, 0, Buffer.alloc(0)), undefined],
    ['v2 local with TLVs', binary(0, 0x11, Buffer.concat([ipv4, tlvs])), undefined],
    ['v2 unspecified', binary(1, 0, tlvs), undefined],
    ['v2 of a UNIX socket', binary(1, 0x31, Buffer.alloc(216)), undefined],
  ];
  for (const [name, bytes, address] of cases) {
    const whole = readProxyHeader(Buffer.concat([bytes, Buffer.from('GET /')]));
    assert.deepEqual(whole, { kind: 'done', length: bytes.length, address } satisfies ProxyHeader, name);
    for (let cut = 0; cut < bytes.length; cut++) assert.equal(readProxyHeader(bytes.subarray(0, cut)).kind, 'more', `${name} at ${cut}`);
  }
});

test('an address has one name, however it is written', () => {
  const mapped = readProxyHeader(
    binary(1, 0x21, Buffer.concat([Buffer.from('00000000000000000000ffffc0000207', 'hex'), ipv6.subarray(16)])),
  );
  assert.ok(mapped.kind === 'done');
  for (const text of ['192.0.2.7', '::ffff:192.0.2.7', '::FFFF:c000:207', '0:0:0:0:0:ffff:192.0.2.7', mapped.address!])
    assert.equal(plainAddress(text), '192.0.2.7', text);
  for (const text of ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:0db8::0001']) assert.equal(plainAddress(text), '2001:db8::1', text);
  for (const text of ['', '::1', 'fe80::1%eth0', '::ffff:0:0:1']) assert.equal(plainAddress(text), text);
});

test('what is no header is refused as soon as that is sure', () => {
  const texts = [
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 12345\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 12345 80 1\r\n',
    'PROXY TCP4 192.0.2.256 10.0.0.1 1 80\r\n',
    'PROXY TCP4 2001:db8::1 10.0.0.1 1 80\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 80\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 65536 80\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 01 80\r\n',
    'PROXY TCP4  192.0.2.7 10.0.0.1 1 80\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 1 80\n',
    'PROXY UDP4 192.0.2.7 10.0.0.1 1 80\r\n',
    `PROXY UNKNOWN ${'x'.repeat(120)}\r\n`,
    `PROXY UNKNOWN ${'x'.repeat(120)}`,
  ];
  for (const text of texts) assert.equal(readProxyHeader(Buffer.from(text, 'latin1')).kind, 'malformed', text);
  const wrong = [
    binary(2, 0x11, ipv4),
    binary(1, 0x12, ipv4),
    binary(1, 0x41, ipv4),
    binary(1, 0x13, ipv4),
    binary(1, 0x11, ipv4.subarray(0, 8)),
    binary(1, 0x21, ipv6.subarray(0, 20)),
    binary(1, 0x31, Buffer.alloc(20)),
    binary(1, 0x11, ipv4, 60_000),
    Buffer.concat([SIGNATURE, Buffer.from([0x11, 0x11, 0, 0])]),
    Buffer.from('\r\n\r\n\0\r\nQUIX', 'latin1'),
  ];
  for (const bytes of wrong) assert.equal(readProxyHeader(bytes).kind, 'malformed', bytes.toString('hex'));
});

function headWith(fields: string): Head {
  const head = new Head('request', { headBytesMax: 8192, headersMax: 50, targetBytesMax: 8192 });
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, 'latin1');
  head.begin(bytes, 0);
  head.parse(bytes.length);
  return head;
}

test('the client is the right-most address that is not trusted', () => {
  const trust = createTrust(['10.0.0.0/8', '2001:db8::/32', '192.0.2.9'])!;
  const client = (fields: string, form: 'x-forwarded' | 'forwarded' = 'x-forwarded') => {
    const { client: found, hops } = readOrigin(headWith(fields), '10.0.0.1', 'http', trust, form);
    return [found, hops.join(' ')];
  };
  assert.deepEqual(client(''), ['10.0.0.1', '10.0.0.1']);
  assert.deepEqual(client('X-Forwarded-For: 198.51.100.1\r\n'), ['198.51.100.1', '198.51.100.1 10.0.0.1']);
  assert.deepEqual(
    client('X-Forwarded-For: 1.1.1.1, 198.51.100.1\r\n'),
    ['198.51.100.1', '198.51.100.1 10.0.0.1'],
    'further left is hearsay',
  );
  assert.deepEqual(client('X-Forwarded-For: 198.51.100.1, 10.0.0.7, 192.0.2.9\r\n')[0], '198.51.100.1');
  assert.deepEqual(
    client('X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 10.0.0.7\r\n')[0],
    '198.51.100.1',
    'several fields are one list',
  );
  assert.deepEqual(client('X-Forwarded-For: 198.51.100.1, unknown, 10.0.0.7\r\n')[0], '10.0.0.7', 'who cannot be read is not skipped');
  assert.deepEqual(client('X-Forwarded-For: 10.0.0.5, 10.0.0.7\r\n')[0], '10.0.0.5', 'all trusted: the first');
  assert.deepEqual(client('X-Forwarded-For: [2001:db8::7]:80, 198.51.100.1:1234\r\n')[0], '198.51.100.1');
  assert.deepEqual(client('Forwarded: for=198.51.100.1\r\n')[0], '10.0.0.1', 'only the configured field is believed');
  assert.deepEqual(client('Forwarded: for=198.51.100.1;proto=https, for="[2001:db8::7]:443"\r\n', 'forwarded')[0], '198.51.100.1');
  assert.deepEqual(client('Forwarded: For="_hidden", for=10.2.2.2\r\n', 'forwarded')[0], '10.2.2.2');
  assert.deepEqual(client('Forwarded: for=198.51.100.1; for=1.1.1.1\r\n', 'forwarded')[0], '10.0.0.1', 'a parameter twice says nothing');
  const loop = Array.from({ length: 500 }, () => '10.0.0.3').join(', ');
  assert.ok(client(`X-Forwarded-For: ${loop}\r\n`)[1]!.split(' ').length <= 32);
  const said = readOrigin(
    headWith('X-Forwarded-Proto: HTTPS\r\nX-Forwarded-Host: shop.example.test\r\n'),
    '10.0.0.1',
    'http',
    trust,
    'both',
  );
  assert.deepEqual([said.scheme, said.host], ['https', 'shop.example.test']);
  const nonsense = readOrigin(headWith('X-Forwarded-Proto: gopher\r\nX-Forwarded-Host: a/b\r\n'), '10.0.0.1', 'http', trust, 'both');
  assert.deepEqual([nonsense.scheme, nonsense.host], ['http', undefined]);
});

test('networks are told from nonsense', () => {
  for (const good of ['10.0.0.0/8', '::1', '2001:db8::/32', '0.0.0.0/0']) assert.ok(isNetwork(good), good);
  for (const bad of ['10.0.0.0/33', '10.0.0/8', 'a.b', '::1/129', '1.1.1.1/', '1.1.1.1/08', 'fe80::1%eth0', '1.1.1.1/8/8'])
    assert.ok(!isNetwork(bad), bad);
});

test('connections are counted over threads, by client, and forgotten with a thread that died', () => {
  const memory = createAdmissionMemory(2, seededRandom(1));
  const [one, two] = [openAdmission({ memory, thread: 0 }), openAdmission({ memory, thread: 1 })];
  assert.equal(one.enter(2), undefined);
  assert.equal(two.enter(2), undefined);
  assert.equal(one.enter(2), 'too-many-connections');
  two.leave();
  assert.equal(one.enter(2), undefined);
  const first = one.enterFrom('2001:db8:1:2::1', 2);
  assert.ok(typeof first === 'object');
  assert.equal(typeof two.enterFrom('2001:db8:1:2:ffff::9', 2), 'object', 'the same /64');
  assert.equal(one.enterFrom('2001:db8:1:2:3::4', 2), 'too-many-connections-from-address');
  assert.equal(typeof one.enterFrom('2001:db8:1:3::1', 2), 'object', 'another /64');
  assert.equal(forgetThread(memory, 1), 0);
  assert.equal(typeof one.enterFrom('2001:db8:1:2::5', 2), 'object', 'what the dead thread held is free');
  one.leaveFrom(first);
  assert.equal(typeof openAdmission({ memory, thread: 1 }).enterFrom('2001:db8:1:2::6', 2), 'object');
  assert.equal(forgetThread(memory, 0), 2, 'it is said how many were lost');
});
