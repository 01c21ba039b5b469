/** How the gateway's parser reads a message, whole and in every pair of pieces. */
import assert from 'node:assert/strict';
import { Body, frameRequest, frameResponse } from '../../src/gateway/http/body.ts';
import { Gather } from '../../src/gateway/http/gather.ts';
import { DONE, FAULT, Head, MORE } from '../../src/gateway/http/head.ts';
import { readTrailers } from '../../src/gateway/http2/trailers.ts';

export const LIMITS = { headBytesMax: 16_384, headersMax: 100, targetBytesMax: 8192 };

export interface Reading {
  readonly start: string;
  readonly fields: number;
  readonly body: number;
  /** Name, value, name, value … with single line feeds between. */
  readonly trailers: string;
  /** Offset of the byte after the message; -1 when the message is not complete. */
  readonly end: number;
}

/** Reads `text` with our parser in pieces of the given lengths; a fault is undefined. */
export function ours(kind: 'request' | 'response', bytes: Buffer, cuts: readonly number[]): Reading | undefined {
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
      body.keepTrailers();
      at = i;
    }
    if (!body.done) {
      const next = body.take(bytes, i, cut);
      if (next < 0) return undefined;
      at = next;
    }
  }
  if (headEnd < 0) return { start: '', fields: 0, body: 0, trailers: '', end: -1 };
  const textOf = (start: number, end: number) => head.buffer.toString('latin1', start, end);
  const start =
    kind === 'request' ? `${textOf(head.start, head.methodEnd)} ${textOf(head.targetStart, head.targetEnd)}` : String(head.status);
  const trailers = readTrailers(body.trailers).join('\n');
  return { start, fields: head.count, body: body.contentBytes, trailers, end: body.done ? at : -1 };
}

/** Ours, whole, byte by byte and cut in two at every single boundary: one answer. */
export function readAllWays(kind: 'request' | 'response', bytes: Buffer): Reading | undefined {
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
  return a.start === b.start && a.fields === b.fields && a.body === b.body && a.trailers === b.trailers && a.end === b.end;
}
