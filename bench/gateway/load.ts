/** Load on a proxy: closed-loop with wrk, h2load or a client of our own, open-loop with another; and what one request cost the proxy. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { coreBusyMs, cpuNs, LOAD_CORE } from './machine.ts';
import type { Peer } from './peers.ts';

/** What is asked for. */
export interface Ask {
  readonly path: string;
  /** Bytes of the request's body; a GET when left out. */
  readonly post?: number;
  readonly connections: number;
  /**
   * How: plain HTTP/1.1 when left out. `https` keeps its connections; `handshakes` makes one per request, `resumptions` with
   * the session of the one before; `h2` is HTTP/2 over TLS with `STREAMS` requests at once per connection.
   */
  readonly over?: 'https' | 'handshakes' | 'resumptions' | 'h2';
}

export interface Sample {
  readonly cpuUs: number;
  readonly perSecond: number;
  /** Share of the proxies' core that others took. */
  readonly foreign: number;
  /** CPU of the process beside it, by request; 0 without one. */
  readonly besideUs: number;
}

/** Requests done in a slot. */
export interface Done {
  readonly requests: number;
  readonly perSecond: number;
}

const STREAMS = 10;
const HEADERS = ['accept: application/json', 'accept-encoding: gzip, br', 'accept-language: en', 'cache-control: no-cache'];

/** One slot of closed-loop load. Throws when an answer was an error. */
export function sample(folder: string, peer: Peer, ask: Ask, seconds: number): Sample {
  const beside = (): number => (peer.beside === undefined ? 0 : cpuNs(peer.beside));
  const [cpu, other, busy, begun] = [cpuNs(peer.pid), beside(), coreBusyMs(), performance.now()];
  const { requests, perSecond } = load(folder, peer, ask, seconds);
  const used = (cpuNs(peer.pid) - cpu) / 1e6;
  const foreign = Math.max(0, (coreBusyMs() - busy - used) / (performance.now() - begun));
  return { cpuUs: (used * 1000) / requests, perSecond, foreign, besideUs: (beside() - other) / 1e3 / requests };
}

/** Load for so many seconds. */
export function load(folder: string, peer: Peer, ask: Ask, seconds: number): Done {
  switch (ask.over) {
    case 'h2':
      return h2load(peer, ask, seconds);
    case 'handshakes':
    case 'resumptions':
      return handshakes(peer, ask.over === 'resumptions', seconds);
    default:
      return wrk(folder, peer, ask, seconds);
  }
}

function wrk(folder: string, { port, key }: Peer, ask: Ask, seconds: number): Done {
  const script = join(folder, 'wrk.lua');
  writeFileSync(script, ask.post === undefined ? '' : `wrk.method = "POST"\nwrk.body = string.rep("x", ${ask.post})\n`);
  const url = `${ask.over ?? 'http'}://127.0.0.1:${port}${ask.path}`;
  const out = onLoadCore(['wrk', '-t1', `-c${ask.connections}`, `-d${seconds}s`, '-s', script, ...fieldArguments(key), url]);
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(out);
  return { requests: Number(/(\d+) requests in/.exec(out)?.[1]), perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]) };
}

function h2load({ port, key }: Peer, ask: Ask, seconds: number): Done {
  const url = `https://127.0.0.1:${port}${ask.path}`;
  const settings = ['-t1', `-c${ask.connections}`, `-m${STREAMS}`, `--duration=${seconds}`];
  const out = onLoadCore(['h2load', ...settings, ...fieldArguments(key), url]);
  const [, requests, failed] = /requests: .* (\d+) succeeded, (\d+) failed/.exec(out) ?? [];
  if (failed !== '0' || !/ 0 4xx, 0 5xx/.test(out) || !/Application protocol: h2/.test(out)) throw new Error(out);
  return { requests: Number(requests), perSecond: Number(/finished in [^,]*, ([\d.]+) req\/s/.exec(out)?.[1]) };
}

function handshakes({ port, key }: Peer, resume: boolean, seconds: number): Done {
  const client = join(import.meta.dirname, 'handshakes.ts');
  return JSON.parse(onLoadCore([process.execPath, client, String(port), String(seconds), key, resume ? 'again' : 'new'])) as Done;
}

function fieldArguments(key: string): string[] {
  return [...HEADERS, 'user-agent: bench/1.0', `x-api-key: ${key}`].flatMap((field) => ['-H', field]);
}

function onLoadCore(command: readonly string[]): string {
  return execFileSync('nice', ['-n', '-15', 'taskset', '-c', LOAD_CORE, ...command], { encoding: 'utf8' });
}

/** Milliseconds at a constant rate of arrivals, each counted from when it was due. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly late: number;
}

/** Runs the open-loop client on the load's core. */
export function openLoop({ port, key }: Peer, rate: number, seconds: number): Latency {
  const client = join(import.meta.dirname, 'open-loop.ts');
  return JSON.parse(onLoadCore([process.execPath, client, String(port), String(Math.round(rate)), String(seconds), key])) as Latency;
}
