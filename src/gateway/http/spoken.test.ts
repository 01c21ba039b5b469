// Aim: each call is told with the protocol its client spoke, and a connection that switched with what it switched to.
// Method: one engine on real sockets, asked in each way; an upstream that switches to whatever it is asked for.
import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { CALL_PROTOCOLS } from '../../sdk/call-record.ts';
import { between, eventually, ok, Talk } from './fixture.ts';

const switching = (to: string) => `GET /${to} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`;

test('the protocol of each call is told', async () => {
  const answer = (text: string): string => {
    const asked = /\r\nupgrade: (\w+)\r\n/.exec(text)?.[1];
    const agrees = asked !== undefined && !text.startsWith('GET /refused');
    return agrees ? `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${asked}\r\n\r\n` : ok('x');
  };
  await between(
    (socket, text) => void socket.write(answer(text)),
    { forward: { upgrades: ['websocket', 'mqtt'] } },
    async (gateway) => {
      const talks = [
        'GET /old HTTP/1.0\r\nHost: a\r\n\r\n',
        'GET /new HTTP/1.1\r\nHost: a\r\n\r\n',
        switching('websocket'),
        switching('mqtt'),
        switching('websocket').replace('/websocket', '/refused'),
      ].map((bytes) => new Talk(gateway.port).send(bytes));
      await Promise.all(talks.map((talk) => talk.until((text) => text.includes('\r\n\r\n'))));
      for (const talk of talks) talk.close();
      const session = connect(`http://127.0.0.1:${gateway.port}`);
      session.request({ ':path': '/two' }).resume();
      await eventually(() => gateway.outcomes.length === 6, 'all calls are told');
      session.destroy();
      assert.deepEqual(gateway.outcomes.map(({ path, outcome }) => `${path} ${CALL_PROTOCOLS[outcome.protocol]}`).sort(), [
        '/mqtt upgrade',
        '/new http/1.1',
        '/old http/1.0',
        '/refused http/1.1',
        '/two h2',
        '/websocket websocket',
      ]);
    },
  );
});
