/**
 * Aim: what the core answers by itself goes out whole, and a core that fails costs one exchange.
 * Method: a real engine between a client that speaks bytes and a scripted upstream.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { defineProblems } from '../../base/problem.ts';
import { between, ok } from './fixture.ts';

const H = 'Host: a\r\n';
const { raise } = defineProblems('core/test', { no: { status: 429, title: { en: 'No', zh: '否' } } });
const count = (text: string, part: string) => text.split(part).length - 1;
const pathOf = (text: string) => /^\S+ (\S+) /.exec(text)?.[1] ?? '';
const echoPath = (socket: Socket, text: string) => void socket.write(ok(`[${pathOf(text)}]`));

test('answers of the core: text, bytes of any size with back-pressure, HEAD without them, response phase included', async () => {
  const body = Buffer.alloc(3_000_000, 98);
  await between(
    () => {},
    {
      decide: (exchange) =>
        exchange.path === '/text'
          ? { kind: 'answer', answer: { status: 201, headers: { 'x-a': 'b' }, body: 'grün' } }
          : Promise.resolve({ kind: 'answer', answer: { status: 200, headers: { 'content-type': 'text/plain' }, body } }),
      onResponse: (exchange) => (exchange.response.set('x-phase', String(exchange.status)), undefined),
    },
    async (gateway, _upstream, talk) => {
      const text = await talk.send(`GET /text HTTP/1.1\r\n${H}\r\n`).until((t) => t.includes('gr') && t.includes('\r\n\r\n'));
      assert.match(text, /^HTTP\/1\.1 201 Created\r\n[^]*x-a: b\r\n[^]*x-phase: 201\r\n[^]*content-length: 5\r\n/);
      talk.text = '';
      talk.send(`HEAD /b HTTP/1.1\r\n${H}\r\n`);
      assert.match(await talk.until((t) => t.endsWith('\r\n\r\n')), /content-length: 3000000\r\n/);
      talk.text = '';
      const all = await talk
        .send(`GET /b HTTP/1.1\r\n${H}\r\n`)
        .until((t) => t.length > 3_000_000 && t.endsWith('b'.repeat(100)) && t.length - t.indexOf('\r\n\r\n') - 4 >= 3_000_000);
      assert.equal(all.length - all.indexOf('\r\n\r\n') - 4, 3_000_000);
      assert.equal(gateway.outcomes.length, 3);
    },
  );
});

test('the response phase may answer later, or replace the answer; fields set before an answer are sent with it', async () => {
  await between(
    (socket, text) => void socket.write(ok(`[${pathOf(text)}]`.repeat(10_000))),
    {
      decide: (exchange) => {
        if (exchange.path !== '/problem') return undefined;
        exchange.response.set('ratelimit', 'x');
        return { kind: 'problem', problem: raise.no({ retryAfterMs: 1500 }) };
      },
      onResponse: async (exchange) => {
        await new Promise((resolve) => setImmediate(resolve));
        exchange.response.set('x-late', exchange.response.get('content-length')!);
        return exchange.path === '/no' ? raise.no() : undefined;
      },
    },
    async (gateway, _upstream, talk) => {
      const text = await talk.send(`GET /x HTTP/1.1\r\n${H}\r\n`).until((t) => count(t, '[/x]') === 10_000);
      assert.match(text, /x-late: 40000\r\n/);
      talk.text = '';
      assert.match(
        await talk.send(`GET /no HTTP/1.1\r\n${H}\r\n`).until((t) => t.endsWith('}')),
        /^HTTP\/1\.1 429 [^]*"code":"core\/test\/no"/,
      );
      talk.text = '';
      const problem = await talk.send(`GET /problem HTTP/1.1\r\n${H}Accept-Language: zh\r\n\r\n`).until((t) => t.endsWith('}'));
      assert.match(problem, /ratelimit: x\r\n[^]*retry-after: 2\r\n/);
      assert.match(Buffer.from(problem, 'latin1').toString(), /"title":"否"[^]*"traceId":"[0-9a-f]{32}"/);
      assert.equal(gateway.outcomes[2]!.outcome.reason, 'core/test/no');
    },
  );
});

test('a core that throws or rejects costs one exchange a 500, and the connection goes on', async () => {
  await between(
    echoPath,
    {
      decide: (exchange) => {
        if (exchange.path === '/throw') throw new Error('secret detail');
        return exchange.path === '/reject' ? Promise.reject(new Error('secret detail')) : undefined;
      },
    },
    async (_gateway, _upstream, talk) => {
      const text = await talk
        .send(`GET /throw HTTP/1.1\r\n${H}\r\nGET /reject HTTP/1.1\r\n${H}\r\nGET /fine HTTP/1.1\r\n${H}\r\n`)
        .until((t) => t.endsWith('[/fine]'));
      assert.equal(count(text, 'HTTP/1.1 500 '), 2);
      assert.doesNotMatch(text, /secret/);
    },
  );
});
