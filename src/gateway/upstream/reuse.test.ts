/**
 * Aim: what a connection was told for its rest does not reach into the request after it.
 * Method: a real engine, a target that answers when a body is whole; time by hand.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import { between, eventually, ok } from '../http/fixture.ts';

// The connection's deadline as one that rests stayed: every body that took longer than what was left of it ended in a 504.
test('a body may take longer than its connection was allowed to rest', async () => {
  const clock = manualClock();
  const script = (socket: Socket, text: string): void => {
    if (text.startsWith('GET ')) socket.write(ok('first'));
    else if (text.endsWith('#')) socket.write(ok('whole'));
  };
  await between(script, { clock, upstream: { idleMs: 1000 } }, async (_, upstream, talk) => {
    await talk.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n').until((text) => text.endsWith('first'));
    for (let i = 1; i < 5; i++) {
      talk.send(i === 1 ? 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n~' : '~');
      await eventually(() => upstream.received.join('').split('~').length === 1 + i, 'it came');
      clock.advance(900);
    }
    await talk.send('#').until((text) => text.endsWith('whole'));
    assert.equal(upstream.sockets.length, 1);
  });
});
