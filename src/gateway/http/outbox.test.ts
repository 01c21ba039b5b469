// Aim: whole messages wait for the end of the turn, not longer and not without bound; no memory of theirs is written again too early.
// Method: the outbox with the real writer and senders that note what they were asked to send; the end of a turn is called by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutbox, type Sender } from './outbox.ts';
import { createWriter } from './writer.ts';

function setUp() {
  const writer = createWriter(4096);
  let turn: (() => void)[] = [];
  const outbox = createOutbox(writer, (action) => turn.push(action));
  const endTurn = () => {
    const due = turn;
    turn = [];
    for (const action of due) action();
    return due.length;
  };
  const sent: string[] = [];
  /** Assembles a message; `isTaken` says whether the socket takes it all. */
  const send = (text: string, isTaken = true, onSend = () => {}): Sender & { bytes: Buffer | undefined } => {
    writer.begin();
    writer.text(text);
    const sender = {
      bytes: writer.finish() as Buffer | undefined,
      sendNow() {
        if (sender.bytes) sent.push(sender.bytes.toString());
        sender.bytes = undefined;
        onSend();
        return isTaken;
      },
    };
    return sender;
  };
  return { writer, outbox, endTurn, sent, send };
}

test('messages of one turn go out at its end, in order, and one end serves all', () => {
  const { outbox, endTurn, sent, send } = setUp();
  for (let i = 0; i < 5; i++) outbox.add(send(`m${i}`), 2);
  assert.deepEqual(sent, []);
  assert.equal(endTurn(), 1);
  assert.deepEqual(sent, ['m0', 'm1', 'm2', 'm3', 'm4']);
  outbox.add(send('later'), 5);
  assert.equal(endTurn(), 1);
  assert.equal(sent.at(-1), 'later');
});

test('when much waits it goes at once', () => {
  const { outbox, endTurn, sent, send } = setUp();
  for (const size of [30_000, 30_000, 30_000, 100]) outbox.add(send(`m${size}`), size);
  assert.equal(sent.length, 3);
  endTurn();
  assert.equal(sent.length, 4);
});

test('when many wait they go at once', () => {
  const { outbox, endTurn, sent, send } = setUp();
  for (let i = 0; i < 70; i++) outbox.add(send(`m${i}`), 2);
  assert.equal(sent.length, 64);
  endTurn();
  assert.deepEqual(
    sent,
    Array.from({ length: 70 }, (_, i) => `m${i}`),
  );
});

test('who cannot wait is first, and is not sent twice; who has more while others are sent goes at once', () => {
  const { outbox, endTurn, sent, send } = setUp();
  outbox.add(
    send('a', true, () => outbox.add(send('amid'), 4)),
    1,
  );
  const hurried = send('b');
  outbox.add(hurried, 1);
  outbox.hurry(hurried);
  endTurn();
  assert.deepEqual(sent, ['b', 'a', 'amid']);
});

test('memory is used again when all were taken, and never when a socket keeps some of it', () => {
  const { writer, outbox, endTurn, send } = setUp();
  const first = send('x'.repeat(100)).bytes!;
  outbox.add(send('y'.repeat(100)), 100);
  endTurn();
  const again = send('z'.repeat(100)).bytes!;
  assert.equal(again.byteOffset, first.byteOffset);
  const kept: { bytes: Buffer; text: string }[] = [];
  for (let i = 0; i < 200; i++) {
    const text = `message ${i} `.repeat(1 + (i % 7));
    const sender = send(text, i % 3 !== 0);
    if (i % 3 === 0) kept.push({ bytes: sender.bytes!, text });
    if (i % 5 === 0) writer.release(false);
    else if (i % 5 === 1) outbox.hurry(sender);
    else outbox.add(sender, text.length);
    if (i % 11 === 0) endTurn();
    if (i % 13 === 0) {
      send('taken at once');
      writer.release(true);
    }
  }
  endTurn();
  for (const { bytes, text } of kept) assert.equal(bytes.toString(), text);
});
