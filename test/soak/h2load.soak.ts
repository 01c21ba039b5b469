/**
 * h2load against one gateway thread over h2c, and over HTTP/1.1 for comparison: small answers, large ones, request bodies,
 * one connection with many streams and many with few. Every request must be answered 2xx, and memory stay flat.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cpuNs, residentBytes } from '../../bench/gateway/machine.ts';
import { startPeer, startUpstream } from '../../bench/gateway/peers.ts';
import type { SoakStep } from './step.ts';

const REQUESTS = 1_000_000;
const GROWTH_MAX = 96 * 1024 * 1024;

interface Shape {
  readonly name: string;
  /** Part of all requests. */
  readonly part: number;
  readonly path: string;
  readonly args: readonly string[];
}

const SHAPES: readonly Shape[] = [
  { name: 'h2 200 B, 16 x 32', part: 0.4, path: '/', args: ['-c', '16', '-m', '32'] },
  { name: 'h1 200 B, 512', part: 0.2, path: '/', args: ['--h1', '-c', '512', '-m', '1'] },
  { name: 'h2 200 B, 1 x 100', part: 0.1, path: '/', args: ['-c', '1', '-m', '100'] },
  { name: 'h2 16 KiB, 16 x 8', part: 0.1, path: '/16k', args: ['-c', '16', '-m', '8'] },
  { name: 'h2 1 MiB, 4 x 4', part: 0.002, path: '/1024k', args: ['-c', '4', '-m', '4'] },
];

const step: SoakStep = {
  name: 'h2load',
  missing: () =>
    existsSync('/usr/bin/h2load') && existsSync('/usr/sbin/nginx') ? undefined : 'h2load (nghttp2-client) or nginx is not here',
  async run({ share }) {
    const folder = mkdtempSync(join(tmpdir(), 'weir-h2load-'));
    const upstream = await startUpstream(folder);
    const weir = (await startPeer('Weir, bare', { folder, upstream: upstream.port }))!;
    try {
      await answers(weir.port);
      await load(weir.port, { name: 'warm-up', part: 0, path: '/', args: ['-c', '16', '-m', '32'] }, 20_000);
      const before = residentBytes(weir.pid);
      const done: Record<string, string> = {};
      for (const shape of SHAPES) {
        const requests = Math.max(200, Math.round(REQUESTS * share * shape.part));
        const from = cpuNs(weir.pid);
        const rate = await load(weir.port, shape, requests);
        const cpu = (cpuNs(weir.pid) - from) / 1000 / requests;
        const resident = residentBytes(weir.pid) / 1024 / 1024;
        done[shape.name] = `${requests} requests, ${rate}/s, ${cpu.toFixed(1)} us CPU, ${resident.toFixed(0)} MiB resident`;
      }
      const growth = residentBytes(weir.pid) - before;
      assert.ok(growth < GROWTH_MAX, `memory grew by ${growth} bytes`);
      return { ...done, grownMiB: Math.round(growth / 1024 / 1024) };
    } finally {
      for (const peer of [weir, upstream]) peer.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default step;

/** Runs h2load; requests a second. Throws when one was not answered 2xx. */
async function load(port: number, { name, path, args }: Shape, requests: number): Promise<number> {
  const all = ['-n', String(requests), ...args, `http://127.0.0.1:${port}${path}`];
  const { stdout } = await promisify(execFile)('taskset', ['-c', '0', 'h2load', ...all], { timeout: 1_800_000, maxBuffer: 1 << 24 });
  const told = /requests: .*/.exec(stdout)?.[0] ?? stdout;
  const [total, , , succeeded, failed, errored, late] = [...told.matchAll(/(\d+) \w+/g)].map(([, count]) => Number(count));
  assert.deepEqual([total, succeeded, failed, errored, late], [requests, requests, 0, 0, 0], `${name}: ${told}`);
  const statuses = /status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx/.exec(stdout);
  assert.equal(Number(statuses?.[1]), requests, `${name}: ${/status codes: .*/.exec(stdout)?.[0]}`);
  return Math.round(Number(/([\d.]+) req\/s/.exec(stdout)?.[1] ?? 0));
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => (socket.destroy(), resolve(true)));
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('the gateway did not begin to listen');
}
