/** A Pipeline's spec as the engine reads it: defaults filled in, durations in milliseconds, sizes in bytes. */
import { pointersTold } from '../base/problem.ts';
import { readValue } from '../base/schema-read.ts';
import type { CompiledPipeline } from '../sdk/revision.ts';
import { type PipelineMode, pipelineSpec, type PipelineWrite, type StreamOptions } from '../sdk/specs/pipeline.ts';
import problems from './problems.ts';

export interface PipelineSettings {
  readonly project: string;
  readonly name: string;
  readonly release: string;
  readonly source: { readonly connection: string; readonly streams: readonly StreamOptions[] };
  readonly sink: {
    readonly connection: string;
    readonly schema: string | undefined;
    readonly prefix: string;
    readonly write: PipelineWrite;
  };
  readonly mode: PipelineMode;
  readonly schedule: { readonly cron: string; readonly timezone: string } | undefined;
  readonly overlap: 'skip' | 'queue';
  readonly retry: { readonly attempts: number; readonly backoffMs: number; readonly backoffMaxMs: number };
  readonly timeoutMs: number;
  readonly batchBytes: number;
}

/** Reads a pipeline of a revision; raises `bad-spec` (control validated it, so only on a version gap). */
export function readSettings(pipeline: CompiledPipeline): PipelineSettings {
  const { value: spec, errors } = readValue(pipelineSpec, pipeline.spec);
  if (errors.length > 0) {
    throw problems.raise['bad-spec']({ values: { pipeline: pipeline.name, reason: pointersTold(errors.slice(0, 10)) }, errors });
  }
  const { project, name, release } = pipeline;
  return Object.freeze({
    project,
    name,
    release,
    source: {
      connection: spec.source.connection,
      streams: spec.source.streams.map((s) => (typeof s === 'string' ? { name: s } : s)),
    },
    sink: { connection: spec.sink.connection, schema: spec.sink.schema, prefix: spec.sink.prefix ?? '', write: spec.sink.write },
    mode: spec.mode,
    schedule: spec.schedule,
    overlap: spec.overlap,
    retry: { attempts: spec.retry.attempts, backoffMs: spec.retry.backoff, backoffMaxMs: spec.retry.backoffMax },
    timeoutMs: spec.timeout,
    batchBytes: spec.batch,
  });
}
