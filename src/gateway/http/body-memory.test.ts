/**
 * Aim: every large piece of a body goes back as soon as nobody looks at it, also the one its head stands in, and none before.
 * Method: pieces with memory of their own, as sockets give them; one that went back has length 0.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyMemory } from './body-memory.ts';
import { Input } from './input.ts';

const piece = (): Buffer => Buffer.from(new ArrayBuffer(65_536));

/** A body in three pieces, the first of which begins with the head; `outs`: which were with the kernel when sent. */
function sendThree(outs: readonly boolean[], drained: readonly (boolean | undefined)[], owns = true): Buffer[] {
  const input = new Input(undefined as never, 1_000_000);
  const memory = new BodyMemory(input, owns);
  const pieces = [piece(), piece(), piece()];
  memory.begin(pieces[0]!);
  pieces.forEach((one, i) => {
    input.add(one);
    input.takeAll();
    memory.sent(one, outs[i]!, i > 0);
    const isOut = drained[i];
    if (isOut !== undefined) memory.drained(isOut);
  });
  memory.end();
  return pieces;
}

const sizes = (pieces: Buffer[]): number[] => pieces.map(({ length }) => length);

test('pieces that are out go back at once, the one of the head with the exchange', () => {
  assert.deepEqual(sizes(sendThree([true, true, true], [])), [0, 0, 0]);
});

test('what waited for the upstream goes back when it takes bytes again', () => {
  assert.deepEqual(sizes(sendThree([false, false, false], [true, true, true])), [0, 0, 0]);
});

test('what may still be looked at stays', () => {
  assert.deepEqual(sizes(sendThree([true, true, false], [])), [65_536, 0, 65_536]);
  assert.deepEqual(sizes(sendThree([false, true, true], [false])), [65_536, 0, 0]);
  assert.deepEqual(sizes(sendThree([true, true, true], [], false)), [65_536, 65_536, 65_536]);
});

test('the head’s piece stays while a next request stands in it', () => {
  const input = new Input(undefined as never, 1_000_000);
  const memory = new BodyMemory(input, true);
  const only = piece();
  input.add(only);
  input.at = 100;
  memory.begin(only);
  memory.end();
  assert.equal(only.length, 65_536);
  assert.equal(input.length, 65_436);
});

test('a piece stays, also after later requests in it, when not all of an earlier body was out at its end', () => {
  const input = new Input(undefined as never, 1_000_000);
  const memory = new BodyMemory(input, true);
  const [head, shared] = [piece(), piece()];
  memory.begin(head);
  input.add(shared);
  input.at = 60_000;
  memory.sent(shared, false, false);
  memory.end();
  memory.begin(shared);
  input.takeAll();
  memory.drained(true); // Of the next request, which went elsewhere.
  memory.end();
  assert.equal(shared.length, 65_536);
});

test('what waited for an upstream at the end of its exchange does not go back when another upstream takes bytes', () => {
  const input = new Input(undefined as never, 1_000_000);
  const memory = new BodyMemory(input, true);
  const [head, waiting] = [piece(), piece()];
  memory.begin(head);
  input.add(waiting);
  input.takeAll();
  memory.sent(waiting, false, true);
  memory.end();
  memory.drained(true);
  assert.equal(waiting.length, 65_536);
});
