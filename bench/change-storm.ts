/**
 * Many changes under load: 5,000 routes, 50 changes a second for a minute, each through the admin API, while callers ask
 * random routes. The product is the real one, with two gateway threads and everything else on the same cores.
 * Run: node bench/change-storm.ts [routes=5000] [changes a second=50] [seconds=60] [requests a second=300]
 * Bars: no request fails, p99 at most 1.5 times the quiet one, each change live on every thread within 300 ms.
 */
import { availableParallelism, loadavg } from 'node:os';
import { changeStorm } from '../test/storm/storm.ts';
import type { LoadCount } from '../test/storm/load.ts';

const [routes = 5000, changesPerSecond = 50, seconds = 60, requestsPerSecond = 300] = process.argv.slice(2).map(Number);
const result = await changeStorm({ routes, changesPerSecond, seconds, requestsPerSecond, quietSeconds: Math.min(20, seconds) });
console.log(`load of the machine ${loadavg()[0]!.toFixed(1)}, ${availableParallelism()} cores, Node ${process.versions.node}`);
console.log(`${routes} routes served after ${result.loadedMs} ms`);
tell('quiet', result.quiet);
tell('storm', result.storm);
const refused = [...result.refused.values()].reduce((a, b) => a + b, 0);
console.log(`changes ${result.applied.length} done, ${refused} refused; admin API answers ${spread(result.applied)}`);
for (const [why, times] of result.refused) console.log(`  refused ${times} times: ${why}`);
console.log(`live on every thread (${result.live.length} of ${result.watched} watched): ${spread(result.live.map(({ ms }) => ms))}`);
for (const { ms, machine } of result.live.filter((one) => one.ms > 100))
  console.log(
    `  live after ${ms} ms: meanwhile the machine's ${machine ? `${machine.what} stood still for ${machine.ms} ms` : 'thread and disk were there'}`,
  );
console.log(`resident MiB, quiet, after a fifth, at the end: ${result.memory.map((one) => JSON.stringify(one)).join(' ')}`);
console.log(`data folder ${result.dataMiB} MiB`);

function tell(name: string, { requests, failures, failed, latencies }: LoadCount): void {
  console.log(`${name}: ${requests} answered, ${failures} failed; ${spread([...latencies])}`);
  for (const why of new Set(failed)) console.log(`  failed: ${why}`);
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
  return `p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms`;
}
