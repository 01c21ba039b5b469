/** Load on a proxy: closed-loop with wrk, open-loop with a client of our own; and what one request cost the proxy. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEY } from './core.ts';
import { coreBusyMs, cpuNs, LOAD_CORE } from './machine.ts';
import type { Peer } from './peers.ts';

/** What is asked for. */
export interface Ask {
  readonly path: string;
  /** Bytes of the request's body; a GET when left out. */
  readonly post?: number;
  readonly connections: number;
}

export interface Sample {
  readonly cpuUs: number;
  readonly perSecond: number;
  /** Share of the proxies' core that others took. */
  readonly foreign: number;
}

const HEADERS = ['accept: application/json', 'accept-encoding: gzip, br', 'accept-language: en', 'cache-control: no-cache'];

/** One slot of closed-loop load. Throws when an answer was an error. */
export function sample(folder: string, peer: Peer, ask: Ask, seconds: number): Sample {
  const pid = peer.process.pid!;
  const [cpu, busy, begun] = [cpuNs(pid), coreBusyMs(), performance.now()];
  const { requests, perSecond } = wrk(folder, peer.port, ask, seconds);
  const used = (cpuNs(pid) - cpu) / 1e6;
  const foreign = Math.max(0, (coreBusyMs() - busy - used) / (performance.now() - begun));
  return { cpuUs: (used * 1000) / requests, perSecond, foreign };
}

/** Answers requests done and requests per second. */
export function wrk(folder: string, port: number, ask: Ask, seconds: number): { requests: number; perSecond: number } {
  const script = join(folder, 'wrk.lua');
  writeFileSync(script, ask.post === undefined ? '' : `wrk.method = "POST"\nwrk.body = string.rep("x", ${ask.post})\n`);
  const fields = [...HEADERS, 'user-agent: bench/1.0', `x-api-key: ${KEY}`].flatMap((field) => ['-H', field]);
  const url = `http://127.0.0.1:${port}${ask.path}`;
  const load = ['wrk', '-t1', `-c${ask.connections}`, `-d${seconds}s`, '-s', script, ...fields, url];
  const out = execFileSync('nice', ['-n', '-15', 'taskset', '-c', LOAD_CORE, ...load], { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
  return { requests: Number(/(\d+) requests in/.exec(out)?.[1]), perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]) };
}

/** Milliseconds at a constant rate of arrivals, each counted from when it was due. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly late: number;
}

/** Runs the open-loop client on the load's core. */
export function openLoop(port: number, rate: number, seconds: number): Latency {
  const client = join(import.meta.dirname, 'open-loop.ts');
  const command = [process.execPath, client, String(port), String(Math.round(rate)), String(seconds), KEY];
  return JSON.parse(execFileSync('nice', ['-n', '-15', 'taskset', '-c', LOAD_CORE, ...command], { encoding: 'utf8' })) as Latency;
}
