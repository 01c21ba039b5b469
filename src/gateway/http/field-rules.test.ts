// Aim: what never passes is dropped however its name is spelt, and nothing else is. Method: heads with one field each, its name in
// lower, upper and mixed case and with `_` for `-`, read in both directions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, DROPPED, Head } from './head.ts';

const LIMITS = { headBytesMax: 16_384, headersMax: 10, targetBytesMax: 100 };
const BOTH = ['te', 'trailer', 'upgrade', 'connection', 'keep-alive', 'proxy-connection'];
const REQUESTS = [
  'forwarded',
  'x-forwarded-for',
  'x-real-ip',
  'x-weir-consumer',
  'client-cert',
  'proxy-authorization',
  'http2-settings',
  'expect',
];
const RESPONSES = ['x-request-id', 'proxy-authenticate'];
const PASS = ['a', 'x-a', 'server', 'accept', 'cookie', 'user-agent', 'x-api-key', 'x-forwarded', 'content-type', 'x'.repeat(40)];

function isDropped(kind: 'request' | 'response', name: string): boolean {
  const head = new Head(kind, LIMITS);
  const value = name.toLowerCase() === 'expect' ? '100-continue' : 'close';
  const bytes = Buffer.from(`${kind === 'request' ? 'GET / HTTP/1.1\r\nhost: a' : 'HTTP/1.1 200 OK'}\r\n${name}: ${value}\r\n\r\n`);
  head.begin(bytes, 0);
  assert.equal(head.parse(bytes.length), DONE, name);
  return head.kinds[head.count - 1] === DROPPED;
}

/** The name in each case and with each hyphen as an underscore. */
function spelt(name: string): string[] {
  const mixed = name.replace(/.(.?)/g, (two) => two[0]!.toUpperCase() + two.slice(1));
  return [name, name.toUpperCase(), mixed, name.replaceAll('-', '_'), name.toUpperCase().replace('-', '_')];
}

test('fields that end here are dropped in every spelling', () => {
  for (const name of [...BOTH, ...REQUESTS].flatMap(spelt)) assert.ok(isDropped('request', name), name);
  for (const name of [...BOTH, ...RESPONSES].flatMap(spelt)) assert.ok(isDropped('response', name), name);
});

test('names that only begin so, or are as long, pass', () => {
  const near = [...BOTH, ...REQUESTS, ...RESPONSES].flatMap((name) => [`${name}q`, `${name.slice(0, -1)}q`, `q${name.slice(1)}`]);
  const others = [...PASS, ...near].filter((name) => !/^x-(weir|forwarded)-/.test(name));
  for (const name of others) {
    assert.ok(!isDropped('request', name), name);
    assert.ok(!isDropped('response', name), name);
  }
});

test('a framing field that is spelt with an underscore is dropped, and frames nothing', () => {
  for (const name of ['content_length', 'Transfer_Encoding', 'CONTENT_LENGTH']) {
    assert.ok(isDropped('request', name), name);
    assert.ok(isDropped('response', name), name);
  }
});
