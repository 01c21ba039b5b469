/** The table of docs/guides/gateway-speed.md, made of the last line of each row in results.jsonl. */
import { readFileSync, writeFileSync } from 'node:fs';
import { LATENCY_PEERS, MEMORY_PEERS, ROWS } from './rows.ts';

/** One line of results.jsonl. */
export interface Result {
  readonly at: string;
  readonly row: string;
  readonly peer: string;
  /** The proxy's own, when it does not run on `node`. */
  readonly version?: string;
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
  /** CPU per request of control, beside the product's gateway. */
  readonly besideUs?: number;
}

/** Load above which a result is marked. */
const BUSY = 3;

const HEAD = `<!-- Made by \`node bench/gateway/run.ts\` from bench/gateway/results.jsonl. Do not edit. -->
# Speed of the gateway

CPU time per request of a proxy on one core, all its threads counted, between the client and an nginx upstream on another core. The
proxies of a row take turns; a ratio is the CPU time of the row’s first proxy by the proxy’s in the same turn, so above 1 is cheaper.

“Bare” sends everything to one upstream. “No policies” chooses among its routes, and keeps metrics, a call record and ids. “All
policies” adds key authentication and a rate limit, “long chain” a limit of the consumer’s plan and header changes both ways. These
are the product’s own engine and core over a real revision, in one process that also takes the call records out, and sends them
nowhere. “The product” is what \`npm start\` runs, with one gateway thread: everything its gateway process does counts, also sending
the records to control; what control spends on storing them, on the other core, stands behind the table.

“Pipelining 16” is an Upstream with \`pipelining: 16\`, which only a trusted one should have: up to sixteen requests that are ready in
the same turn of the event loop share one write. It is reported apart, and no bar counts it.

Other gateways: one thread or core each, no access log, kept connections to the upstream; their settings are in
\`bench/gateway/peers.ts\` and \`bench/gateway/others/\`, \`node bench/gateway/others.ts\` obtains those a system does not bring. KrakenD
takes part by its engine, Lura: KrakenD CE’s own module is not to be had from the Go proxy. Handshakes are TLS 1.3; “32 × 10” is
32 connections with 10 requests at once each. “Node alone” forwards nothing: a server of \`node:tls\` or \`node:http2\` that answers from
memory, which no gateway on Node can be below.

Slots in which others took more than a fifth of the core are dropped; where none was left, all count. Load is the machine’s when a row
began: above ${BUSY} the cores were shared with other work (marked *), and a ratio is known to a tenth. Other tenants of the host are not
seen from inside a virtual machine: the least and the most tell how much they moved a row. A row stands once for each machine.

`;

/** Writes the page: the newest result of each proxy in each row there is, for each machine. */
export function writeTable(results: URL, page: URL): void {
  const lines = readFileSync(results, 'utf8').trim().split('\n');
  const last = new Map<string, Result>();
  for (const line of lines) {
    const result = JSON.parse(line) as Result;
    last.set(keyOf(result.row, result.peer, result.machine), result);
  }
  const machines = [...new Set([...last.values()].map(({ machine }) => machine))];
  const rows = [...ROWS, { name: 'latency', peers: LATENCY_PEERS }, { name: 'memory', peers: MEMORY_PEERS }];
  const all = rows.flatMap(({ name, peers }) =>
    machines.flatMap((machine) => peers.flatMap((peer) => last.get(keyOf(name, peer, machine)) ?? [])),
  );
  writeFileSync(page, `${HEAD}${costs(all)}\n${beside(all)}${latencies(all)}\n${memory(all)}`);
}

function keyOf(...parts: readonly string[]): string {
  return parts.join('\n');
}

function costs(all: readonly Result[]): string {
  const rows = all
    .filter((r) => r.ratio !== undefined)
    .map((r) => {
      const range = `${r.ratio!.toFixed(2)} (${r.ratioMin!.toFixed(2)}–${r.ratioMax!.toFixed(2)})`;
      const proxy = r.version === undefined ? r.peer : `${r.peer} ${r.version}`;
      return `| ${r.row} | ${proxy} | ${r.cpuUs!.toFixed(1)} | ${range} | ${Math.round(r.perSecond!)} | ${r.pairs} | ${loadOf(r)} | ${when(r)} |`;
    });
  return table(['Row', 'Proxy', 'CPU µs', 'Ratio (least–most)', 'Requests/s', 'Pairs', 'Load', 'Measured'], rows);
}

/** What control spends on the records of the product's calls. */
function beside(all: readonly Result[]): string {
  return all
    .filter((r) => r.besideUs !== undefined)
    .map(
      (r) =>
        `Control beside “${r.peer}”: ${r.besideUs!.toFixed(1)} µs per call; on the client’s core it stores as many as it gets to, and drops the rest.\n\n`,
    )
    .join('');
}

function loadOf({ load }: Result): string {
  return load > BUSY ? `${load}*` : String(load);
}

function latencies(all: readonly Result[]): string {
  const rows = all
    .filter((r) => r.p99 !== undefined)
    .map((r) => `| ${r.peer} | ${Math.round(r.rate!)} | ${r.p50!.toFixed(2)} | ${r.p99!.toFixed(2)} | ${loadOf(r)} | ${when(r)} |`);
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
