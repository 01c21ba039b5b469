/** The table of docs/guides/gateway-speed.md, made of the last line of each row in results.jsonl. */
import { readFileSync, writeFileSync } from 'node:fs';

/** One line of results.jsonl. */
export interface Result {
  readonly at: string;
  readonly row: string;
  readonly peer: string;
  readonly machine: string;
  readonly node: string;
  /** Load of the machine's last minute when the row began. */
  readonly load: number;
  readonly pairs: number;
  /** Slots thrown away because others took more than a fifth of the core. */
  readonly dropped: number;
  readonly cpuUs?: number;
  readonly perSecond?: number;
  /** CPU per request of the row's first proxy by this one's, slot by slot: median, least, most. Above 1 is cheaper. */
  readonly ratio?: number;
  readonly ratioMin?: number;
  readonly ratioMax?: number;
  readonly rate?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly idleMb?: number;
}

const HEAD = `<!-- Made by \`node bench/gateway/run.ts\` from bench/gateway/results.jsonl. Do not edit. -->
# Speed of the gateway

CPU time per request of a proxy on one core, all its threads counted, between wrk and an nginx upstream on another core. The proxies
of a row take turns; a ratio is nginx’s CPU time by the proxy’s in the same turn, so above 1 is cheaper than nginx. “All policies” is
key authentication, a rate limit, metrics, a call record and request and trace ids, by the product’s own engine and core over a real
revision in one process; call records are collected and read there too, and are not sent to control. “Long chain” adds a limit of the
consumer’s plan and header changes both ways. Slots in which others took more than a fifth of the core are dropped; where none was
left, all count. Load is the machine’s when a row began: above 3 the cores were shared with other work, and a ratio is known to a tenth.

`;

/** Writes the page. */
export function writeTable(results: URL, page: URL): void {
  const lines = readFileSync(results, 'utf8').trim().split('\n');
  const last = new Map<string, Result>();
  for (const line of lines) {
    const result = JSON.parse(line) as Result;
    last.set(`${result.row}\n${result.peer}`, result);
  }
  const all = [...last.values()];
  writeFileSync(page, `${HEAD}${costs(all)}\n${latencies(all)}\n${memory(all)}`);
}

function costs(all: readonly Result[]): string {
  const rows = all
    .filter((r) => r.ratio !== undefined)
    .map((r) => {
      const range = `${r.ratio!.toFixed(2)} (${r.ratioMin!.toFixed(2)}–${r.ratioMax!.toFixed(2)})`;
      return `| ${r.row} | ${r.peer} | ${r.cpuUs!.toFixed(1)} | ${range} | ${Math.round(r.perSecond!)} | ${r.pairs} | ${r.load} | ${when(r)} |`;
    });
  return table(['Row', 'Proxy', 'CPU µs', 'Ratio (least–most)', 'Requests/s', 'Pairs', 'Load', 'Measured'], rows);
}

function latencies(all: readonly Result[]): string {
  const rows = all
    .filter((r) => r.p99 !== undefined)
    .map((r) => `| ${r.peer} | ${Math.round(r.rate!)} | ${r.p50!.toFixed(2)} | ${r.p99!.toFixed(2)} | ${r.load} | ${when(r)} |`);
  const text =
    'Open loop, arrivals at a constant rate (half of what the slower carried), 64 connections, milliseconds from when a request was due:\n\n';
  return text + table(['Proxy', 'Requests/s', 'p50', 'p99', 'Load', 'Measured'], rows);
}

function memory(all: readonly Result[]): string {
  const rows = all.filter((r) => r.idleMb !== undefined).map((r) => `| ${r.peer} | ${r.idleMb!.toFixed(1)} | ${when(r)} |`);
  return `Growth of resident memory by 10,000 idle keep-alive connections, each after one request:\n\n${table(['Proxy', 'MB', 'Measured'], rows)}`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  return `| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}\n${rows.map((row) => `${row}\n`).join('')}`;
}

function when({ at, machine, node }: Result): string {
  return `${at.slice(0, 10)}, ${machine}, Node ${node}`;
}
