/**
 * What a role process says of itself: CPU, memory, event loop, and which build it is.
 * Read when collected, so an idle process pays nothing. Figures of several processes stay apart by
 * their `role` and `instance` labels.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Registry } from 'prom-client';
import { defineMetrics } from './metric-specs.ts';
import { type Metrics, openMetrics } from './metrics.ts';

/** The monitor measures whole intervals of this length; what is beyond it is the delay. */
const SAMPLE_MS = 20;
const labels = ['role', 'instance'] as const;

const specs = defineMetrics({
  build: {
    name: 'weir_build_info',
    type: 'gauge',
    labels: ['version', 'node', ...labels],
    aggregate: 'first',
    help: { en: 'Always 1; the labels say which build runs in which process.', zh: '恒为 1；标签说明各进程运行的版本。' },
  },
  start: {
    name: 'weir_process_start_time_seconds',
    type: 'gauge',
    labels,
    aggregate: 'first',
    help: { en: 'When the process started, in seconds since 1970.', zh: '进程启动时间（自 1970 年起的秒数）。' },
  },
  cpu: {
    name: 'weir_process_cpu_seconds_total',
    type: 'counter',
    labels,
    help: { en: 'CPU time used by the process, user and system.', zh: '进程使用的 CPU 时间（用户态与内核态）。' },
  },
  resident: {
    name: 'weir_process_resident_memory_bytes',
    type: 'gauge',
    labels,
    help: { en: 'Resident memory of the process.', zh: '进程常驻内存。' },
  },
  heap: {
    name: 'weir_process_heap_bytes',
    type: 'gauge',
    labels,
    help: { en: 'JavaScript heap in use.', zh: '已使用的 JavaScript 堆内存。' },
  },
  external: {
    name: 'weir_process_buffer_bytes',
    type: 'gauge',
    labels,
    help: { en: 'Memory of buffers outside the JavaScript heap.', zh: 'JavaScript 堆外缓冲区内存。' },
  },
  loopDelay: {
    name: 'weir_process_event_loop_delay_seconds',
    type: 'gauge',
    labels: ['quantile', ...labels],
    aggregate: 'max',
    help: { en: 'Delay of the main thread’s event loop since the last collection.', zh: '自上次采集以来主线程事件循环的延迟。' },
  },
});
export default specs;

/** Refreshes the figures; call right before the registry is read. */
export type ReadProcess = () => void;

/** Opens the process metrics on `registry`. `startedAt` is milliseconds since 1970. */
export function openProcessMetrics(
  registry: Registry,
  about: { readonly role: string; readonly instance: string; readonly version: string; readonly startedAt: number },
): ReadProcess {
  const metrics: Metrics<typeof specs> = openMetrics(registry, specs);
  const who = { role: about.role, instance: about.instance };
  const delay = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  delay.enable();
  metrics.build.set(1, { ...who, version: about.version, node: process.versions.node });
  metrics.start.set(about.startedAt / 1000, who);
  let cpuBefore = 0;
  return () => {
    const used = process.cpuUsage();
    const cpu = (used.user + used.system) / 1e6;
    metrics.cpu.add(Math.max(0, cpu - cpuBefore), who);
    cpuBefore = cpu;
    const memory = process.memoryUsage();
    metrics.resident.set(memory.rss, who);
    metrics.heap.set(memory.heapUsed, who);
    metrics.external.set(memory.external, who);
    for (const [quantile, percentile] of [
      ['0.5', 50],
      ['0.99', 99],
    ] as const) {
      const interval = delay.count === 0 ? 0 : delay.percentile(percentile) / 1e9;
      metrics.loopDelay.set(Math.max(0, interval - SAMPLE_MS / 1000), { ...who, quantile });
    }
    delay.reset();
  };
}
