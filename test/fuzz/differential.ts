/**
 * Both parsers over seeded inputs: nothing that both accept may be framed differently, and whatever the gateway accepts
 * llhttp accepts too, but for methods it has not heard of. Compared are method, target or status, the number of fields,
 * the body's length, its trailers, and where the next message begins. Raises an assertion that names the input.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import { seededRandom } from '../../src/base/random.ts';
import { llhttpRequests, llhttpResponse, makeServer, type Seen, type SeenMessage } from './llhttp.ts';
import { randomRequest, randomResponse } from './messages.ts';
import { ours, readAllWays, type Reading } from './ours.ts';

/** How many inputs of one seed; the first `everyCut` of them are also read cut in two at every single boundary. */
export interface Inputs {
  readonly seed: number;
  readonly count: number;
  readonly everyCut: number;
}

const BATCH = 200;
const NEXT_REQUEST = 'GET /next HTTP/1.1\r\nHost: n\r\n\r\n';

/** Requests, each with a second one behind it. Answers how many the gateway accepts. */
export async function compareRequests({ seed, count, everyCut }: Inputs): Promise<number> {
  const random = seededRandom(seed);
  const server = makeServer();
  let accepted = 0;
  for (let done = 0; done < count; done += BATCH) {
    const inputs = Array.from({ length: Math.min(BATCH, count - done) }, () => randomRequest(random));
    const seen = await Promise.all(inputs.map((text) => llhttpRequests(server, Buffer.from(text + NEXT_REQUEST, 'latin1'))));
    inputs.forEach((text, i) => {
      const bytes = Buffer.from(text + NEXT_REQUEST, 'latin1');
      const mine = done + i < everyCut ? readAllWays('request', bytes) : ours('request', bytes, []);
      if (mine && mine.end >= 0) accepted++;
      compareRequest(text, bytes, mine, seen[i]!);
    });
  }
  server.close();
  return accepted;
}

/** Answers to a GET. Answers how many the gateway accepts. */
export async function compareResponses({ seed, count, everyCut }: Inputs): Promise<number> {
  const random = seededRandom(seed);
  let accepted = 0;
  for (let done = 0; done < count; done += BATCH) {
    const inputs = Array.from({ length: Math.min(BATCH, count - done) }, () => randomResponse(random));
    const seen = await Promise.all(inputs.map((text) => llhttpResponse(Buffer.from(text, 'latin1'))));
    inputs.forEach((text, i) => {
      const bytes = Buffer.from(text, 'latin1');
      if (bytes.length === 0) return;
      const mine = done + i < everyCut ? readAllWays('response', bytes) : ours('response', bytes, []);
      if (compareResponse(text, mine, seen[i])) accepted++;
    });
  }
  return accepted;
}

/** llhttp knows these methods only; we pass any token on, since routes decide. */
const LLHTTP_METHODS = new Set(http.METHODS);

/** All that we accept and llhttp does not: a method it has not heard of. To us it is a token like another (RFC 9110 §9.1). */
function isExceptedRequest(text: string): boolean {
  const method = /^(?:\r\n)?([^ ]*) /.exec(text)?.[1] ?? '';
  return !LLHTTP_METHODS.has(method);
}

function compareRequest(text: string, bytes: Buffer, mine: Reading | undefined, theirs: Seen): void {
  if (!mine || mine.end < 0) return;
  const shown = JSON.stringify(text);
  const [first, second] = theirs.requests;
  if (!first) return assert.ok(isExceptedRequest(text), `we accept, llhttp does not: ${shown}`);
  assert.equal(mine.start, first.start, shown);
  assert.equal(mine.fields, first.fields, shown);
  assert.equal(mine.body, first.body, shown);
  assert.equal(mine.trailers, first.trailers, shown);
  assert.ok(first.complete, `llhttp sees no end of the body: ${shown}`);
  // A closing request ends the connection in node, and what we refuse next nobody misreads: nothing to compare.
  const next = second && ours('request', bytes.subarray(mine.end), []);
  if (next) assert.equal(next.start, second.start, `the next message after ${shown}`);
}

function compareResponse(text: string, mine: Reading | undefined, theirs: SeenMessage | undefined): boolean {
  if (!mine || mine.start === '' || mine.start.startsWith('1')) return false; // node:http tells of interim answers otherwise.
  const shown = JSON.stringify(text);
  assert.ok(theirs, `we accept, llhttp does not: ${shown}`);
  assert.equal(mine.start, theirs.start, shown);
  assert.equal(mine.fields, theirs.fields, shown);
  if (mine.end < 0 && !theirs.complete) return false;
  assert.equal(mine.body, theirs.body, shown);
  assert.equal(mine.trailers, theirs.trailers, shown);
  if (mine.end >= 0) assert.ok(theirs.complete, `llhttp sees no end of the body: ${shown}`);
  return true;
}
