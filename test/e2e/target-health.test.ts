/**
 * Aim: what the gateway's threads know of a target is seen by people: it answers, is down, comes back, and is not
 * forgotten when control dies. Method: the real command with two gateway threads; a target that is stopped and started.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../servers/process.ts';
import { api, call, must, newHome, roleProcesses, untilReady, weirIn } from './tools.ts';
import { until, type Weir } from './weir.ts';

interface Target {
  readonly address: string;
  readonly state: string;
  readonly requests: number;
  readonly idle: number;
  readonly open: number;
  readonly failures: number;
  readonly failingSince: number | null;
  readonly lastSuccessAt: number | null;
  readonly lastFailure: string | null;
}

let weir: Weir;
let port: number;
let target: Server;

after(async () => {
  await weir?.stop();
  target?.closeAllConnections();
  target?.close();
});
const home = newHome({ after }, 'targets');
before(async () => {
  port = await freePort();
  await open();
  weir = await weirIn(home, { env: { WEIR_GATEWAY_THREADS: '2' } });
  writeFileSync(
    path.join(home, 'up.yaml'),
    `apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: up }\nspec: { targets: [{ host: 127.0.0.1, port: ${port} }] }\n---\n` +
      'apiVersion: weir/v1\nkind: Route\nmetadata: { name: up }\nspec: { match: { paths: [/up/**] }, upstream: up }\n',
  );
  await must(weir, 'apply', '-f', 'up.yaml');
  await untilReady(weir, 'Route', 'up');
});

async function open(): Promise<void> {
  target = createServer((_, response) => void response.end('here'));
  target.listen(port, '127.0.0.1');
  await once(target, 'listening');
}

async function health(): Promise<Target> {
  const answer = await api(weir, '/api/v1/projects/default/upstreams/up/health');
  assert.equal(answer.status, 200, answer.text);
  return (JSON.parse(answer.text) as { targets: Target[] }).targets[0]!;
}

/** Calls, each over a connection of its own, so that both threads get some. */
async function statuses(count: number): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => call(`${weir.gateway}/up/x`, { connection: 'close' })));
  return [...new Set(answers.map(({ status }) => status))];
}

async function untilHealth(what: string, fits: (target: Target) => boolean): Promise<Target> {
  let last!: Target;
  await until(what, async () => fits((last = await health())), 30).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)}`, { cause: error });
  });
  return last;
}

test('not used, then answering, summed over the threads', async () => {
  const unused = await health();
  assert.deepEqual([unused.address, unused.state, unused.requests], [`127.0.0.1:${port}`, 'unused', 0]);
  assert.match(await must(weir, 'describe', 'Upstream/up'), /TARGET +WEIGHT +STATE[^\n]*\n127\.0\.0\.1:\d+ +1 +not used yet/);
  assert.deepEqual(await statuses(20), [200]);
  const used = await untilHealth('all calls are told', ({ requests }) => requests === 20);
  assert.equal(used.state, 'ok');
  assert.ok(used.open >= 1 && used.idle === used.open, JSON.stringify(used));
  assert.ok(Math.abs(Date.now() - used.lastSuccessAt!) < 60_000);
});

test('down: failing, since when and with which code; the same in both languages', async () => {
  target.closeAllConnections();
  target.close();
  assert.deepEqual(await statuses(6), [502]);
  const down = await untilHealth('the failures are told', ({ failures, open: left }) => failures === 6 && left === 0);
  assert.deepEqual([down.state, down.lastFailure], ['failing', 'upstream-unreachable']);
  assert.ok(down.failingSince! >= down.lastSuccessAt!);
  assert.match(await must(weir, 'describe', 'Upstream', 'up'), / failing since \d{4}-\d\d-\d\d [^\n]* upstream-unreachable /);
  assert.match(await must(weir, 'describe', 'Upstream', 'up', '--lang', 'zh'), /目标 +权重 +状态[^]* 自 \d{4}-\d\d-\d\d [\d:]+ 起失败 /);
  const told = JSON.parse(await must(weir, 'describe', 'Upstream', 'up', '-o', 'json')) as { targets: Target[] };
  assert.equal(told.targets[0]!.state, 'failing');
});

test('a control that was killed learns it again', async () => {
  const { requests } = await health();
  const pid = roleProcesses(weir).get('control')!;
  process.kill(pid, 'SIGKILL');
  await until('control is another process and answers', async () => {
    const now = roleProcesses(weir).get('control');
    const answer = await fetch(`${weir.control}/readyz`).catch(() => undefined);
    return now !== undefined && now !== pid && answer?.status === 200;
  });
  const again = await untilHealth('the gateway told it again', (seen) => seen.requests === requests);
  assert.deepEqual([again.state, again.lastFailure], ['failing', 'upstream-unreachable']);
});

test('back again', async () => {
  await open();
  await until('the target is called again', async () => (await statuses(4)).includes(200));
  const back = await untilHealth('its success is told', ({ state }) => state === 'ok');
  assert.deepEqual([back.failures, back.failingSince, back.lastFailure], [0, null, 'upstream-unreachable']);
});

test('describe says why a discovery fails', async () => {
  writeFileSync(
    path.join(home, 'lost.yaml'),
    'apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: lost }\nspec: { discovery: { type: dns, name: lost.test, servers: ["127.0.0.1:9"], timeout: 1s } }\n',
  );
  await must(weir, 'apply', '-f', 'lost.yaml');
  const said = async () => (await weir.cli('describe', 'Upstream/lost')).stdout;
  await until('the reason is told', async () => (await said()).includes('Discovery fails (discovery/dns/no-answer)'), 30);
});
