/**
 * Aim: nothing that this parser and llhttp (the parser inside node:http) both accept is framed differently,
 * and whatever we accept llhttp accepts too, but for the exceptions below. Requests and responses.
 * Method: seeded inputs (a valid message with 0-3 mutations), 20,000 requests and 8,000 responses; each goes
 * to llhttp with a second message behind it; ours reads it whole, byte by byte, and cut in two at every single
 * boundary, with one result. Compared: method, target, number of fields, body length, and where the next message begins.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../base/random.ts';
import { Body, frameRequest, frameResponse } from './body.ts';
import { Gather } from './gather.ts';
import { DONE, FAULT, Head, MORE } from './head.ts';

const LIMITS = { headBytesMax: 16_384, headersMax: 100, targetBytesMax: 8192 };
const NEXT_REQUEST = 'GET /next HTTP/1.1\r\nHost: n\r\n\r\n';

interface Reading {
  readonly start: string;
  readonly fields: number;
  readonly body: number;
  /** Offset of the byte after the message; -1 when the message is not complete. */
  readonly end: number;
}

/** Reads `text` with our parser in pieces of the given lengths; a fault is undefined. */
function ours(kind: 'request' | 'response', bytes: Buffer, cuts: readonly number[]): Reading | undefined {
  const head = new Head(kind, LIMITS);
  const body = new Body();
  let gather: Gather | undefined;
  let from = 0;
  let headEnd = -1;
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    let i = from;
    from = cut;
    if (headEnd < 0) {
      const piece = Buffer.from(bytes.subarray(i, cut));
      let end = piece.length;
      if (gather) {
        gather.append(head, piece, 0, piece.length);
        end = gather.length;
      } else {
        head.begin(piece, 0);
      }
      const result = head.parse(end);
      if (result === FAULT) return undefined;
      if (result === MORE) {
        gather ??= new Gather(head, end);
        continue;
      }
      assert.equal(result, DONE);
      // What is left behind the head in memory is what is left before the cut.
      i = cut - (end - head.end);
      headEnd = i;
      if (head.isRequest) frameRequest(body, head);
      else frameResponse(body, head, false);
      at = i;
    }
    if (!body.done) {
      const next = body.take(bytes, i, cut);
      if (next < 0) return undefined;
      at = next;
    }
  }
  if (headEnd < 0) return { start: '', fields: 0, body: 0, end: -1 };
  const textOf = (start: number, end: number) => head.buffer.toString('latin1', start, end);
  const start =
    kind === 'request' ? `${textOf(head.start, head.methodEnd)} ${textOf(head.targetStart, head.targetEnd)}` : String(head.status);
  return { start, fields: head.count, body: body.contentBytes, end: body.done ? at : -1 };
}

/** A socket for node:http whose bytes are given at once. */
class Pipe extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
}

interface Seen {
  readonly requests: { start: string; fields: number; body: number; complete: boolean }[];
}

/** What llhttp makes of `bytes` as a server. Answers are given at once, so that pipelined requests follow. */
function llhttpRequests(server: http.Server, bytes: Buffer): Promise<Seen> {
  const seen: Seen = { requests: [] };
  const pipe = new Pipe();
  Object.assign(pipe, { seen });
  return new Promise((resolve) => {
    server.emit('connection', pipe);
    pipe.on('close', () => resolve(seen));
    pipe.on('error', () => {});
    pipe.push(bytes);
    settle(() => {
      pipe.push(null);
      settle(() => pipe.destroy());
    });
  });
}

/** After what is under way in this turn and the next ones of the loop. */
function settle(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

function makeServer(): http.Server {
  const server = http.createServer({
    insecureHTTPParser: false,
    maxHeaderSize: LIMITS.headBytesMax,
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
    requireHostHeader: true,
  });
  const note = (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { seen } = (request.socket ?? {}) as unknown as { seen?: Seen };
    if (!seen) return;
    const entry = { start: `${request.method} ${request.url}`, fields: request.rawHeaders.length / 2, body: 0, complete: false };
    seen.requests.push(entry);
    request.on('data', (chunk: Buffer) => void (entry.body += chunk.length));
    request.on('end', () => void (entry.complete = true));
    request.on('error', () => {});
    response.on('error', () => {});
    response.end();
  };
  server.on('request', note).on('checkContinue', note).on('checkExpectation', note);
  const takeOver = (request: http.IncomingMessage, socket: Duplex) => {
    const { seen } = socket as unknown as { seen?: Seen };
    seen?.requests.push({ start: `${request.method} ${request.url}`, fields: request.rawHeaders.length / 2, body: 0, complete: true });
    socket.destroy();
  };
  server.on('connect', takeOver); // Without a listener for it an upgrade is an ordinary request, as it is to us.
  server.on('clientError', (_error, socket) => {
    socket.destroy();
  });
  return server;
}

/** llhttp knows these methods only; we pass any token on, since routes decide. */
const LLHTTP_METHODS = new Set(http.METHODS);

/** All that we accept and llhttp does not: a method it has not heard of. To us it is a token like another (RFC 9110 §9.1). */
function isExceptedRequest(text: string): boolean {
  const method = /^(?:\r\n)?([^ ]*) /.exec(text)?.[1] ?? '';
  return !LLHTTP_METHODS.has(method);
}

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

/** Ours, whole, byte by byte and cut in two at every single boundary: one answer. */
function readAllWays(kind: 'request' | 'response', bytes: Buffer): Reading | undefined {
  const whole = ours(kind, bytes, []);
  const agree = (cuts: readonly number[]): void => {
    const read = ours(kind, bytes, cuts);
    if (!isSame(read, whole)) assert.deepEqual(read, whole, `cut at ${cuts.join(', ')}: ${JSON.stringify(bytes.toString('latin1'))}`);
  };
  agree(Array.from({ length: bytes.length - 1 }, (_, i) => i + 1));
  for (let cut = 1; cut < bytes.length; cut++) agree([cut]);
  return whole;
}

/** What `deepEqual` would say, at a cost that millions of comparisons can bear. */
function isSame(a: Reading | undefined, b: Reading | undefined): boolean {
  if (!a || !b) return a === b;
  return a.start === b.start && a.fields === b.fields && a.body === b.body && a.end === b.end;
}

test('requests: what both accept is framed alike, and llhttp accepts what we accept', async () => {
  const random = seededRandom(20261121);
  const server = makeServer();
  let accepted = 0;
  for (let batch = 0; batch < 100; batch++) {
    const inputs = Array.from({ length: 200 }, () => {
      const host = random.integer(12) === 0 ? '' : '\r\nHost: h';
      const plain = random.integer(3) > 0;
      const method = plain ? pick(random, ['GET', 'POST']) : pick(random, METHODS);
      const target = plain ? '/p' : pick(random, TARGETS);
      const line = `${method} ${target} ${random.integer(5) > 0 ? 'HTTP/1.1' : pick(random, VERSIONS)}`;
      return makeMessage(random, line + host);
    });
    const seen = await Promise.all(inputs.map((text) => llhttpRequests(server, Buffer.from(text + NEXT_REQUEST, 'latin1'))));
    inputs.forEach((text, i) => {
      const bytes = Buffer.from(text + NEXT_REQUEST, 'latin1');
      const mine = readAllWays('request', bytes);
      if (mine && mine.end >= 0) accepted++;
      compareRequest(text, bytes, mine, seen[i]!);
    });
  }
  server.close();
  assert.ok(accepted > 3000, `the inputs must exercise acceptance, only ${accepted} were accepted`);
});

function compareRequest(text: string, bytes: Buffer, mine: Reading | undefined, theirs: Seen): void {
  if (!mine || mine.end < 0) return;
  const shown = JSON.stringify(text);
  const [first, second] = theirs.requests;
  if (!first) return assert.ok(isExceptedRequest(text), `we accept, llhttp does not: ${shown}`);
  assert.equal(mine.start, first.start, shown);
  assert.equal(mine.fields, first.fields, shown);
  assert.equal(mine.body, first.body, shown);
  assert.ok(first.complete, `llhttp sees no end of the body: ${shown}`);
  // A closing request ends the connection in node, and what we refuse next nobody misreads: nothing to compare.
  const next = second && ours('request', bytes.subarray(mine.end), []);
  if (next) assert.equal(next.start, second.start, `the next message after ${shown}`);
}

interface SeenResponse {
  start: string;
  fields: number;
  body: number;
  complete: boolean;
}

/** What llhttp makes of `bytes` as a client; undefined when it refuses. */
function llhttpResponse(bytes: Buffer): Promise<SeenResponse | undefined> {
  return new Promise((resolve) => {
    const pipe = new Pipe();
    let seen: SeenResponse | undefined;
    let failed = false;
    const request = http.request({
      createConnection: () => pipe as never,
      method: 'GET',
      path: '/',
      host: 'h',
      insecureHTTPParser: false,
      maxHeaderSize: LIMITS.headBytesMax,
    });
    request.on('error', () => void (failed = true));
    request.on('response', (response) => {
      const entry: SeenResponse = { start: String(response.statusCode), fields: response.rawHeaders.length / 2, body: 0, complete: false };
      seen = entry;
      response.on('data', (chunk: Buffer) => void (entry.body += chunk.length));
      response.on('end', () => void (entry.complete = response.complete));
      response.on('error', () => {});
    });
    request.end();
    settle(() => {
      pipe.push(bytes);
      settle(() => {
        pipe.push(null);
        settle(() => {
          pipe.destroy();
          resolve(failed && !seen ? undefined : seen);
        });
      });
    });
  });
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

test('responses: what both accept is framed alike, and llhttp accepts what we accept', async () => {
  const random = seededRandom(7);
  let accepted = 0;
  for (let batch = 0; batch < 40; batch++) {
    const inputs = Array.from({ length: 200 }, () =>
      makeMessage(random, random.integer(3) > 0 ? 'HTTP/1.1 200 OK' : pick(random, STATUS_LINES)),
    );
    const seen = await Promise.all(inputs.map((text) => llhttpResponse(Buffer.from(text, 'latin1'))));
    inputs.forEach((text, i) => {
      const bytes = Buffer.from(text, 'latin1');
      const mine = bytes.length > 0 ? readAllWays('response', bytes) : undefined;
      if (!mine || mine.start === '') return;
      const theirs = seen[i];
      const shown = JSON.stringify(text);
      assert.ok(theirs, `we accept, llhttp does not: ${shown}`);
      assert.equal(mine.start, theirs.start, shown);
      assert.equal(mine.fields, theirs.fields, shown);
      if (mine.end < 0 && !theirs.complete) return;
      accepted++;
      assert.equal(mine.body, theirs.body, shown);
      if (mine.end >= 0) assert.ok(theirs.complete, `llhttp sees no end of the body: ${shown}`);
    });
  }
  assert.ok(accepted > 2000, `the inputs must exercise acceptance, only ${accepted} were accepted`);
});
