/**
 * Aim: who may little learns and takes no more than that: no stored secret by guessing, no plan by its usage, no place of
 * others by not reading, no fault of ours by a deep body. Method: a real control role, tokens of each kind, bare sockets.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { applyAll, asker } from '../../../test/ask.ts';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';
import { WATCHERS_EACH_MAX } from '../live-calls.ts';

let control: TestControl;
before(async () => {
  control = await startTestControl();
  await applyAll(asker(control), DOCUMENTS);
});
after(() => control.stop());

const erp = (password: string) =>
  `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: erp }\n` +
  `spec: { type: postgres, host: db.example.test, database: x, user: u, password: "${password}" }\n`;
const DOCUMENTS = `${erp('4711')}---
apiVersion: weir/v1
kind: Plan
metadata: { name: gold }
spec: { policies: [{ type: rate-limit, limit: 3, window: 1m }] }
---
apiVersion: weir/v1
kind: Consumer
metadata: { name: app }
spec: { plan: gold }
`;

test('a viewer cannot find a stored secret by comparing guesses with it', async () => {
  const compare = async (as: string, text: string) => {
    const answer = await control.request('POST', '/api/v1/diff', { as, body: { sources: [{ text }] } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json.results[0] as { outcome: string; release: string; diff: string };
  };
  const [right, wrong] = [await compare(control.viewer, erp('4711')), await compare(control.viewer, erp('4712'))];
  assert.deepEqual([right.outcome, wrong.outcome], ['updated', 'updated']);
  const stored = await control.request('GET', '/api/v1/projects/default/resources/Connection/erp', { as: control.viewer });
  const kept = /\$\{kept:[0-9a-f]+\}/.exec(stored.text)![0];
  assert.notEqual(right.release, stored.json.release);
  assert.ok(!right.diff.split('\n').some((line) => line.startsWith('+') && line.includes(kept)), right.diff);
  assert.equal((await compare(control.viewer, stored.json.text)).outcome, 'unchanged', 'a dump compares as before');
  assert.equal((await compare(control.admin, erp('4711'))).outcome, 'unchanged', 'who may write it may compare it');
});

test('who may read calls only learns a consumer’s calls, not its plan', async () => {
  const usage = async (as: string) =>
    (await control.request('GET', '/api/v1/projects/default/consumers/app/usage', { as })).json as { plan: unknown; policies: unknown[] };
  const body = { name: 'calls-only', role: 'viewer', permissions: ['calls:read'] };
  const narrow = await control.request('POST', '/api/v1/tokens', { as: control.admin, body });
  const { plan, policies } = await usage(narrow.json.secret);
  assert.deepEqual([plan, policies], [null, []]);
  const seen = await usage(control.viewer);
  assert.deepEqual([seen.plan, seen.policies.length], ['gold', 1]);
});

test('one token does not take all places of those who watch calls', async () => {
  const stop = new AbortController();
  const watch = (as: string) =>
    fetch(`${control.address}/api/v1/calls/stream`, { headers: { authorization: `Bearer ${as}` }, signal: stop.signal });
  for (let i = 0; i < WATCHERS_EACH_MAX; i++) assert.equal((await watch(control.viewer)).status, 200);
  const more = await watch(control.viewer);
  assert.deepEqual([more.status, ((await more.json()) as { code: string }).code], [503, 'core/api/too-many-watchers']);
  assert.equal((await watch(control.admin)).status, 200);
  stop.abort();
});

test('a body nested without end is refused, and is no fault of ours', async () => {
  const deep = (depth: number) => `{"spec":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
  const send = (path: string, body: string, method: 'POST' | 'PUT' = 'POST') =>
    fetch(`${control.address}/api/v1${path}`, {
      method,
      body,
      headers: { authorization: `Bearer ${control.admin}`, 'content-type': 'application/json', 'if-none-match': '*' },
    });
  for (const [path, method] of [
    ['/projects/default/connections/check', 'POST'],
    ['/projects/default/data-apis/try', 'POST'],
    ['/projects/default/resources/Route/deep', 'PUT'],
  ] as const) {
    const answer = await send(path, deep(20_000), method);
    assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [400, 'core/api/malformed-body'], path);
  }
  const texts = await send('/documents/edit', JSON.stringify({ text: `a: ${JSON.stringify('[{"\\'.repeat(500))}\n` }));
  assert.equal(texts.status, 200, 'brackets within texts do not count');
});

test('a stranger who does not read the answers leaves the places of others free', async () => {
  const { hostname, port } = new URL(control.address);
  const socket = connect({ host: hostname, port: Number(port) });
  const seen = new Set<number>();
  try {
    // More requests than there are places, and far more bytes than the buffers of a socket hold.
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(400));
    await once(socket, 'readable');
    for (let i = 0; i < 100 && !seen.has(200); i++) {
      seen.add((await control.request('GET', '/api/v1/session', { as: control.viewer })).status);
      await delay(20);
    }
    assert.ok(seen.has(200), [...seen].join());
  } finally {
    socket.destroy();
  }
});
