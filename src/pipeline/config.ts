/** The `worker` section of the process configuration: how runs are claimed, carried and logged. */
import { bytes, duration, help, type Static, strictObject, T } from '../base/schema.ts';
import type { PipelineLimits } from './limits.ts';

/** Schema of `worker` in `weir.yaml`; every member has a default. */
export const workerConfig = strictObject(
  {
    runs: T.Integer({
      minimum: 1,
      maximum: 64,
      default: 2,
      ...help('Runs carried at the same time by one worker.', '一个 worker 同时执行的运行数。'),
    }),
    lease: duration({
      default: '30s',
      'x-minimum': '3s',
      'x-maximum': '10m',
      ...help(
        'How long a claimed run stays this worker’s without a sign of life; renewed at least three times within it.',
        '已认领的运行在无心跳时保留多久；期间会续租三次。',
      ),
    }),
    poll: duration({
      default: '2s',
      'x-minimum': '100ms',
      'x-maximum': '1m',
      ...help('Wait between looks for runs that are due.', '查找到期运行的间隔。'),
    }),
    lookAhead: T.Integer({
      minimum: 1,
      maximum: 8,
      default: 2,
      'x-advanced': true,
      ...help('Batches read ahead while one is written.', '写入时最多预读的批次数。'),
    }),
    commitBytes: bytes({
      default: '32MiB',
      'x-minimum': '64KiB',
      'x-maximum': '1GiB',
      'x-advanced': true,
      ...help(
        'Rows are made durable at least every so many bytes (append of incremental reads, upsert).',
        '每写入这么多字节至少提交一次（增量追加与 upsert）。',
      ),
    }),
    commitRows: T.Integer({
      minimum: 100,
      maximum: 10_000_000,
      default: 200_000,
      'x-advanced': true,
      ...help('Rows are made durable at least every so many rows.', '每写入这么多行至少提交一次。'),
    }),
    logLines: T.Integer({
      minimum: 100,
      maximum: 100_000,
      default: 5_000,
      'x-advanced': true,
      ...help('Log lines kept per run; later ones are counted only.', '每次运行保留的日志行数，超出的只计数。'),
    }),
  },
  { default: {}, ...help('How pipelines are run.', '管道如何运行。') },
);
export type WorkerConfig = Static<typeof workerConfig>;

const HEARTBEAT_MS_MAX = 2_000;

/** The limits of a worker from its configuration, as `readValue(workerConfig, …)` gives it. */
export function limitsOf(config: WorkerConfig, base: PipelineLimits): PipelineLimits {
  return Object.freeze({
    ...base,
    runs: config.runs,
    leaseMs: config.lease,
    // A cancel is heard with the heartbeat: it should not wait for a third of a long lease.
    heartbeatMs: Math.min(Math.floor(config.lease / 3), HEARTBEAT_MS_MAX),
    pollMs: config.poll,
    lookAhead: config.lookAhead,
    commitBytes: config.commitBytes,
    commitRows: config.commitRows,
    logLines: config.logLines,
  });
}
