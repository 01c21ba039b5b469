/** Messages for differential tests: a valid one with up to three mutations, made from seeds of bytes that parsers disagree about. */
import type { Random } from '../../src/base/random.ts';

const pick = <V>(random: Random, list: readonly V[]): V => list[random.integer(list.length)]!;
const TARGETS = [
  '/',
  '/a/b?c=d',
  '/a%20b',
  '*',
  'http://h/x',
  'http://h',
  'http://h?q',
  'http://other/',
  '/a#b',
  'h:80',
  '/é',
  '/a?b?c',
  'https://h/',
];
const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'CONNECT', 'PATCH', 'FOO', 'get', 'M-SEARCH', 'G ET', ''];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/1.1 ', 'HTTP/11', 'HTTP/0.9'];
const PLAIN_FIELDS = ['Accept: */*', 'X: y', 'X:', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Connection: keep-alive'];
const FIELDS = [
  'Accept: */*',
  'X: y',
  'X:',
  'X:y ',
  'x-long: ' + 'v'.repeat(300),
  'Connection: close',
  'Connection: keep-alive',
  'Connection: x, y',
  'Connection: upgrade',
  'Connection: te, close',
  'Upgrade: websocket',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 05',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length: ',
  'Content-Length: 5x',
  'Content-Length: 99999999999999999999',
  'content_length: 3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: "chunked"',
  ' folded: x',
  'a b: c',
  'nocolon',
  ': empty',
  'X: a\0b',
  'X: a\rb',
  'X: a\x0bb',
  'X: \xe9',
  'Expect: 100-continue',
  'Expect: x',
  'Host: second',
  'Trailer: x',
  'TE: trailers',
  'Proxy-Connection: keep-alive',
];
const BODIES = [
  '',
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n0\r\nT: v\r\n\r\n',
  '5\r\nhello\r\n0\r\nT:v \r\nT: \tw\r\nEmpty:\r\nHost: other\r\nTrailer: x\r\n\r\n',
  '0\r\nT: v\r\n folded\r\n\r\n',
  '0\r\nT : v\r\n\r\n',
  '0\r\nT: v\n\r\n',
  '0\r\nT: v\r\n\n',
  '0\r\nT: a\rb\r\n\r\n',
  '5 \r\nhello\r\n0\r\n\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  '5\nhello\n0\n\n',
  '5\r\nhelloX\r\n0\r\n\r\n',
  '-1\r\nhello\r\n0\r\n\r\n',
  'FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n',
  '5;\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n00\r\n\r\n',
  '5\r\nhello\r\n0\r\nbad trailer\r\n\r\n',
  '5;a\nb\r\nhello\r\n0\r\n\r\n',
];
const BYTES = ['\r', '\n', '\r\n', ' ', '\t', '\0', ':', ',', ';', '0', '5', 'x', '\x7f', '\x80', '\xff', '\r\n\r\n', '\n\n', '\r\r\n'];

/** A message that begins with `startLine`. */
function makeMessage(random: Random, startLine: string): string {
  const fields = Array.from({ length: random.integer(4) }, () => pick(random, random.integer(2) === 0 ? FIELDS : PLAIN_FIELDS));
  let text = `${startLine}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  const body = pick(random, BODIES);
  if (/transfer-encoding: *chunked\r/i.test(text)) text += body;
  else if (/content-length: 0?5\r/i.test(text)) text += 'hello';
  else text += random.integer(4) === 0 ? body : '';
  for (let mutations = Math.max(0, random.integer(7) - 4); mutations > 0; mutations--) text = mutate(random, text);
  return text;
}

function mutate(random: Random, text: string): string {
  const at = random.integer(text.length + 1);
  switch (random.integer(4)) {
    case 0:
      return text.slice(0, at) + pick(random, BYTES) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random.integer(3));
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.integer(256)) + text.slice(at + 1);
    default:
      return text.replace('\r\n', pick(random, ['\n', '\r', '\r\n ', ' \r\n', '\r\n\r\n']));
  }
}

const STATUS_LINES = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 404 Not Found',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 200',
  'HTTP/1.1 200 ',
  'HTTP/1.1  200 OK',
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/2.0 200 OK',
  'HTTP/1.1 200 a\0b',
  'http/1.1 200 OK',
  'HTTP/1.1\t200 OK',
  'HTTP/1.1 600 X',
  'ICY 200 OK',
  'HTTP/1.1 500 \xe9',
];

/** One request, seldom a valid one. */
export function randomRequest(random: Random): string {
  const host = random.integer(12) === 0 ? '' : '\r\nHost: h';
  const plain = random.integer(3) > 0;
  const method = plain ? pick(random, ['GET', 'POST']) : pick(random, METHODS);
  const target = plain ? '/p' : pick(random, TARGETS);
  const line = `${method} ${target} ${random.integer(5) > 0 ? 'HTTP/1.1' : pick(random, VERSIONS)}`;
  return makeMessage(random, line + host);
}

/** One answer, seldom a valid one. */
export function randomResponse(random: Random): string {
  return makeMessage(random, random.integer(3) > 0 ? 'HTTP/1.1 200 OK' : pick(random, STATUS_LINES));
}
