/**
 * slowhttptest in its four modes against a whole Weir: slow heads, slow bodies, range headers, slow reading. All the while
 * an honest client asks through the same gateway and must be answered; afterwards no connection is left.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { api, newFolder, untilReady, weirIn } from '../e2e/tools.ts';
import { until, type Weir } from '../e2e/weir.ts';
import type { SoakStep } from './step.ts';

const BINARY = '/usr/bin/slowhttptest';
const CONNECTIONS = 800;
const SECONDS = 30;
const LARGE = 'x'.repeat(500_000);
const MODES: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['slow heads', ['-H', '-i', '3']],
  ['slow bodies', ['-B', '-i', '3', '-s', '100000', '-t', 'POST']],
  ['range headers', ['-R', '-a', '5', '-b', '3000']],
  ['slow reading', ['-X', '-w', '10', '-y', '20', '-n', '5', '-z', '32', '-k', '3']],
];

export default {
  name: 'slowhttptest',
  missing: () => (existsSync(BINARY) ? undefined : 'slowhttptest is not installed (Debian: apt-get install slowhttptest)'),
  async run({ share }) {
    const seconds = Math.max(5, Math.round(SECONDS * share));
    const upstream = http
      .createServer((asked, answer) => {
        asked.on('error', () => {});
        // Read to its end first: else an early answer would spare the gateway the slow body.
        asked.resume().on('end', () => answer.end(asked.url === '/probe' ? 'ok' : LARGE));
      })
      .listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const folder = newFolder('slow');
    const weir = await weirIn(folder, { env: { WEIR_SPARE: 'off' } });
    const result: Record<string, number> = {};
    try {
      await serve(weir, (upstream.address() as AddressInfo).port);
      for (const [name, args] of MODES) Object.assign(result, await attack(weir, name, args, seconds));
    } finally {
      await weir.stop();
      upstream.closeAllConnections();
      upstream.close();
      rmSync(folder, { recursive: true, force: true });
    }
    return result;
  },
} satisfies SoakStep;

async function serve(weir: Weir, port: number): Promise<void> {
  const text = `apiVersion: weir/v1
kind: Upstream
metadata: { name: up }
spec: { targets: [{ host: 127.0.0.1, port: ${port} }] }
---
apiVersion: weir/v1
kind: Route
metadata: { name: all }
spec: { match: { paths: ["/**"] }, upstream: up }
`;
  const { status, text: said } = await api(weir, '/api/v1/apply', {
    method: 'POST',
    body: JSON.stringify({ sources: [{ file: 'slow.yaml', text }] }),
  });
  assert.equal(status, 200, said);
  await untilReady(weir, 'Route', 'all');
}

/** Answers how many honest requests were answered meanwhile, and how long the slowest took. */
async function attack(weir: Weir, name: string, args: readonly string[], seconds: number): Promise<Record<string, number>> {
  let running = true;
  let answered = 0;
  let slowest = 0;
  const honest = (async () => {
    for (; running; await delay(20)) {
      const from = performance.now();
      const answer = await fetch(`${weir.gateway}/probe`, { signal: AbortSignal.timeout(10_000) });
      assert.equal(`${answer.status} ${await answer.text()}`, '200 ok', name);
      slowest = Math.max(slowest, performance.now() - from);
      answered++;
    }
  })();
  const command = [...args, '-c', String(CONNECTIONS), '-r', '200', '-l', String(seconds), '-u', `${weir.gateway}/big`, '-p', '5'];
  const attacked = new Promise((resolve) => execFile(BINARY, command, { timeout: (seconds + 60) * 1000 }, resolve));
  await Promise.all([attacked.finally(() => (running = false)), honest]);
  await until(`after ${name} no connection is left`, async () => (await openConnections(weir)) <= 2, 90);
  return { [`${name}: answered`]: answered, [`${name}: slowest ms`]: Math.round(slowest) };
}

async function openConnections(weir: Weir): Promise<number> {
  const { text } = await api(weir, '/metrics');
  return [...text.matchAll(/^weir_gateway_connections(?:\{[^}]*\})? (\d+)/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
}
