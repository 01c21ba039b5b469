// Aim: messages come out of a stream of frames as they went in, their bytes too, however the stream is cut; what is none is refused.
// Method: the encoder into the decoder, cut at every place and into single bytes; frames written by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, encodeFrame, frameDecoder } from './frames.ts';

const MESSAGES = [
  { type: 'plain', text: 'é堰\u0000' },
  {
    type: 'with bytes',
    bytes: [Uint8Array.of(0, 255, 10), new Uint8Array(0), Uint8Array.from({ length: 300 }, (_, i) => i & 255)],
    after: 1,
  },
  { type: 'none of them', bytes: [] },
  { type: 'last' },
];
const stream = Buffer.concat(MESSAGES.flatMap((message) => [...encodeFrame(message)]));

function decoded(chunks: readonly Buffer[]): unknown[] {
  const got: unknown[] = [];
  const decode = frameDecoder((content) => got.push(decodeMessage(content)));
  for (const chunk of chunks) decode(chunk);
  return got.map((message) => plain(message as { bytes?: Uint8Array[] }));
}

/** Byte arrays by their content, whatever class they are of. */
function plain<M extends { readonly bytes?: readonly Uint8Array[] }>(message: M): object {
  return message.bytes ? { ...message, bytes: message.bytes.map((part) => [...part]) } : message;
}

test('messages and their bytes come out as they went in, wherever the stream is cut', () => {
  const expected = MESSAGES.map(plain);
  for (let at = 0; at <= stream.length; at++) assert.deepEqual(decoded([stream.subarray(0, at), stream.subarray(at)]), expected);
  assert.deepEqual(decoded([...stream].map((byte) => Buffer.of(byte))), expected);
});

test('the bytes of a message are written as they are, not copied', () => {
  const part = Uint8Array.of(1, 2, 3);
  assert.ok(encodeFrame({ bytes: [part] }).includes(part));
});

test('a frame that is too long, a part that goes beyond its frame and what is no JSON are refused', () => {
  const long = Buffer.alloc(4);
  long.writeUInt32BE(257 * 2 ** 20);
  assert.throws(() => decoded([long]), /frame of \d+ bytes is too long/);
  const [head] = encodeFrame({ type: 'x' });
  const beyond = Buffer.concat([head!.subarray(4), Buffer.of(0, 0, 0, 9), Buffer.alloc(8)]);
  assert.throws(() => decodeMessage(beyond), /a part of 9 bytes goes beyond its frame/);
  assert.throws(() => decodeMessage(Buffer.from([0, 0, 0, 2, 123, 44])), SyntaxError);
});
