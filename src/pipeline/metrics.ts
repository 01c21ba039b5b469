/** Figures of the pipeline plane; `openPipelineMetrics` puts them on a process's registry. */
import type { Registry } from 'prom-client';
import { defineMetrics } from '../telemetry/metric-specs.ts';
import { type Metrics, openMetrics } from '../telemetry/metrics.ts';

const LABELS = ['project', 'pipeline'] as const;

const specs = defineMetrics({
  rows: {
    name: 'weir_pipeline_rows_total',
    type: 'counter',
    labels: LABELS,
    help: { en: 'Rows written to sinks.', zh: '写入目标的行数。' },
  },
  bytes: {
    name: 'weir_pipeline_bytes_total',
    type: 'counter',
    labels: LABELS,
    help: { en: 'Bytes of batches written to sinks.', zh: '写入目标的批次字节数。' },
  },
  runs: {
    name: 'weir_pipeline_runs_total',
    type: 'counter',
    labels: [...LABELS, 'result'],
    help: {
      en: 'Attempts that ended, by result; a firing left out by `overlap: skip` counts as skipped.',
      zh: '已结束的尝试次数（按结果）；因 overlap: skip 未触发的计为 skipped。',
    },
  },
  duration: {
    name: 'weir_pipeline_run_duration_seconds',
    type: 'histogram',
    labels: LABELS,
    buckets: [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400],
    help: { en: 'Seconds one attempt took.', zh: '一次尝试的耗时（秒）。' },
  },
  lag: {
    name: 'weir_pipeline_lag_seconds',
    type: 'gauge',
    labels: LABELS,
    aggregate: 'max',
    help: {
      en: 'Seconds since the start of the last run that succeeded here: how old the target may be.',
      zh: '距最近一次成功运行开始的秒数，即目标数据可能的陈旧程度。',
    },
  },
  active: {
    name: 'weir_pipeline_runs_active',
    type: 'gauge',
    help: { en: 'Runs being carried now.', zh: '正在执行的运行数。' },
  },
  logDropped: {
    name: 'weir_pipeline_log_lines_dropped_total',
    type: 'counter',
    help: { en: 'Log lines of runs left out because a bound was reached.', zh: '因达到上限而丢弃的运行日志行数。' },
  },
  leasesLost: {
    name: 'weir_pipeline_leases_lost_total',
    type: 'counter',
    help: { en: 'Runs that another worker took over from this one.', zh: '被其他 worker 接管的运行数。' },
  },
});
export default specs;

export type PipelineMetrics = Metrics<typeof specs>;

/** Makes the plane's metrics on `registry`; once per process. */
export function openPipelineMetrics(registry: Registry): PipelineMetrics {
  return openMetrics(registry, specs);
}
