/** The planner that main.ts hands to control: the plan of a run, without a run. Pure. */
import { readValue } from '../base/schema-read.ts';
import type { Text } from '../base/text.ts';
import type { CursorCandidate, PipelinePlanner, PipelinePreview, PipelineSides, PlannedStream } from '../sdk/pipeline-plan.ts';
import type { Column, StreamSchema } from '../sdk/record.ts';
import { pipelineSpec } from '../sdk/specs/pipeline.ts';
import { fitOf } from './column-fit.ts';
import { planStreams, type StreamPlan } from './plan.ts';
import { isUnordered } from './plan-columns.ts';
import { readSettings } from './settings.ts';

/** Makes the planner; a plan holds at most `streamsMax` streams. */
export function createPipelinePlanner(streamsMax: number): PipelinePlanner {
  return Object.freeze({
    read(spec: Readonly<Record<string, unknown>>) {
      const { value, errors } = readValue(pipelineSpec, spec);
      return errors.length > 0
        ? { ok: false as const, errors }
        : { ok: true as const, source: value.source.connection, sink: value.sink.connection };
    },
    plan(project: string, name: string, spec: Readonly<Record<string, unknown>>, sides: PipelineSides): PipelinePreview {
      const { streams, refused } = planStreams(readSettings({ project, name, release: '', spec }), sides.source, streamsMax);
      const known = new Map(sides.source.map((stream) => [stream.name, stream]));
      return {
        streams: streams.map((plan) => planned(plan, known.get(plan.stream.name)!, sides)),
        refused: refused.map(({ stream, problem }) => {
          const found = known.get(stream);
          return { stream, problem, found: found && keysOf(found) };
        }),
      };
    },
  });
}

function planned(plan: StreamPlan, whole: StreamSchema, sides: PipelineSides): PlannedStream {
  const namespace = plan.namespace ?? sides.namespace;
  const target = sides.target?.find((s) => s.table === plan.table && (namespace === undefined || s.namespace === namespace));
  return {
    stream: plan.stream.name,
    namespace,
    table: plan.table,
    mode: plan.mode.type,
    cursor: plan.mode.type === 'incremental' ? plan.mode.cursor : undefined,
    write: plan.write,
    key: plan.key,
    rowsEstimate: plan.stream.rowsEstimate,
    targetExists: sides.target && target !== undefined,
    columns: plan.stream.columns.map((column) => {
      const { name, sourceType, nullable } = column;
      const there = target?.columns.find((c) => c.name === name);
      if (there) return { name, sourceType, nullable, targetType: there.sourceType, fit: fitOf(column, there) };
      return { name, sourceType, nullable, targetType: sides.typeOf?.(column), fit: sides.target && ('new' as const) };
    }),
    notes: plan.notes,
    ...keysOf(whole),
  };
}

function keysOf(stream: StreamSchema): Pick<PlannedStream, 'primaryKey' | 'uniqueKeys' | 'cursors'> {
  return { primaryKey: stream.primaryKey, uniqueKeys: stream.uniqueKeys, cursors: cursorsOf(stream) };
}

const CURSORS_MAX = 10;
const CHANGE_NAMES = /(^|_)(updated?|modified|changed?|mtime|last)(_|$)|gmt_modified|update_?time/i;
const BIRTH_NAMES = /(^|_)(created?|inserted)(_|$)|gmt_create/i;

/** Likely cursors: a time that names a change, any other time, a number that only grows. */
function cursorsOf(stream: StreamSchema): CursorCandidate[] {
  return stream.columns
    .flatMap((column) => {
      const why = isUnordered(column.type) ? undefined : whyCursor(stream, column);
      return why ? [{ column: column.name, rank: why[0], why: why[1] }] : [];
    })
    .sort((a, b) => a.rank - b.rank)
    .slice(0, CURSORS_MAX)
    .map(({ column, why }) => ({ column, why }));
}

function whyCursor(stream: StreamSchema, { name, type }: Column): [number, Text] | undefined {
  const isTime = type === 'timestamp' || type === 'timestamptz';
  if (isTime && CHANGE_NAMES.test(name))
    return [0, { en: 'a time whose name says it moves with every change', zh: '时间列，名称表明随每次修改更新' }];
  if (isTime && BIRTH_NAMES.test(name))
    return [3, { en: 'the time of creation: sees new rows, not changed ones', zh: '创建时间：能看到新行，看不到被修改的行' }];
  if (isTime) return [1, { en: 'a time; make sure every change moves it', zh: '时间列；请确认每次修改都会更新它' }];
  const isNumber = type === 'int16' || type === 'int32' || type === 'int64';
  if (isNumber && stream.primaryKey.length === 1 && stream.primaryKey[0] === name)
    return [2, { en: 'the number of the row: sees new rows, not changed ones', zh: '行号：能看到新行，看不到被修改的行' }];
  return undefined;
}
