// Aim: a request that never became an exchange is told of with as much as was read of it, and with nothing guessed; its
// record comes out like any other. Method: an engine on real sockets, refused in every part of a head; then the core alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coreHarness, routeEntry } from '../../../test/gateway/core-harness.ts';
import { CALL_PROTOCOLS } from '../../sdk/call-record.ts';
import { between, eventually, LIMITS, Talk } from './fixture.ts';

const REFUSED: readonly (readonly [bytes: string, told: string])[] = [
  ['GET\t/x HTTP/1.1\r\n', 'core/http/request-line 400   http/1.1'],
  ['GET /a#b HTTP/1.1\r\n', 'core/http/target 400 GET  http/1.1'],
  ['CONNECT a:443 HTTP/1.1\r\n', 'core/http/tunnel 501 CONNECT  http/1.1'],
  [`${'M'.repeat(32)} /x HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n`, `core/http/host 400 ${'M'.repeat(32)} /x http/1.1`],
  [`${'M'.repeat(99)} /x HTTP/1.1\r\nhost: a\r\n\r\n`, 'core/http/method-too-long 501   http/1.1'],
  ['M'.repeat(33), 'core/http/method-too-long 501   http/1.1'],
  ['POST /a/b?secret=1 HTTP/1.1\r\nhost : a\r\n', 'core/http/field 400 POST /a/b http/1.1'],
  ['GET /x HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n', 'core/http/transfer-encoding 501 GET /x http/1.0'],
  ['GET http://a HTTP/1.1\r\nhost: b\r\n\r\n', 'core/http/host-mismatch 400 GET / http/1.1'],
];

test('as much as was read is told', async () => {
  await between(
    () => {},
    {},
    async (gateway) => {
      for (const [at, [bytes, told]] of REFUSED.entries()) {
        const talk = new Talk(gateway.port).send(bytes);
        const answer = await talk.end();
        const { reason, status, request, clientAddress } = gateway.rejections[at]!;
        const { method, path, protocol, id, responseBytes, requestBytes, durationMs } = request!;
        assert.equal(`${reason} ${status} ${method} ${path} ${CALL_PROTOCOLS[protocol]}`, told);
        assert.equal(clientAddress, '127.0.0.1');
        assert.ok(answer.includes(`\r\nx-request-id: ${id}\r\n`), 'the record is found by the id that was answered');
        assert.equal(responseBytes, answer.length);
        assert.ok(requestBytes >= 0 && requestBytes <= bytes.length && durationMs >= 0);
      }
    },
  );
});

test('the head of a refused request serves the next one: its arrays are not made anew for each', async (t) => {
  let made = 0;
  const Ordinary = Int32Array;
  class Counted extends Ordinary {
    constructor(length: number) {
      super(length);
      if (length === LIMITS.headersMax * 4) made++;
    }
  }
  globalThis.Int32Array = Counted as unknown as typeof Int32Array;
  t.after(() => void (globalThis.Int32Array = Ordinary));
  await between(
    () => {},
    {},
    async (gateway) => {
      for (let i = 0; i < 20; i++) await new Talk(gateway.port).send('GET /\r\n\r\n').end();
      for (let i = 0; i < 20; i++) {
        const left = new Talk(gateway.port).send('GET / HT');
        await eventually(() => gateway.engine.listenerNumbers()[0]!.accepted === 22 + i, 'it was accepted');
        left.socket.end();
        await left.end();
      }
    },
  );
  assert.ok(made <= 2, `${made} were made`);
});

test('a refusal comes behind the answers to requests sent ahead of it', async () => {
  await between(
    () => {},
    { decide: ({ path }) => ({ kind: 'answer', answer: { status: 200, body: path } }) },
    async (_gateway, _upstream, talk) => {
      talk.send('GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\nGET /3\r\n\r\n');
      const text = await talk.end();
      assert.deepEqual([...text.matchAll(/HTTP\/1\.1 \d+/g)].map(String), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 400']);
      assert.ok(text.indexOf('\r\n\r\n/1HTTP') > 0 && text.indexOf('\r\n\r\n/2HTTP') > 0);
    },
  );
});

test('a head that comes too slowly is told of; a connection refused before its first byte is counted and not recorded', async () => {
  await between(
    () => {},
    { limits: { headMs: 60, connectionsMax: 1 } },
    async (gateway, _upstream, talk) => {
      await new Talk(gateway.port).end();
      assert.deepEqual([gateway.rejections[0]!.status, gateway.rejections[0]!.request], [503, undefined]);
      talk.send('DELETE /slow HTTP/1.1\r\nhost');
      await talk.end();
      const { status, request } = gateway.rejections[1]!;
      assert.deepEqual([status, request!.method, request!.path], [408, 'DELETE', '/slow']);
    },
  );
});

test('its record comes out', () => {
  const { core, clock, records } = coreHarness([routeEntry('a')]);
  const request = { id: 'r-1', method: 'GET', path: '/x', protocol: 0, durationMs: 3, requestBytes: 7, responseBytes: 9 };
  clock.advance(10);
  core.onRejected({
    clientAddress: '192.0.2.7',
    status: 400,
    reason: 'core/http/host',
    request: { ...request, startedAt: clock.monotonic() - 3 },
  });
  core.onRejected({ clientAddress: '192.0.2.7', status: 503, reason: 'core/http/too-many-connections', request: undefined });
  const [record, ...others] = records();
  assert.deepEqual(others, []);
  const { story: _story, ...rest } = record!;
  assert.deepEqual(rest, {
    id: 'r-1',
    time: clock.now() - 3,
    project: '',
    consumer: '',
    clientAddress: '192.0.2.7',
    route: '',
    method: 'GET',
    protocol: 'http/1.0',
    path: '/x',
    release: '',
    status: 400,
    reason: 'core/http/host',
    durationMs: 3,
    upstreamMs: 0,
    requestBytes: 7,
    responseBytes: 9,
    traceId: '',
  });
});
