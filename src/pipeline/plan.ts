/**
 * Planning, pure: settings + discovered streams ─▶ one plan per stream, or the problem that keeps it out.
 * A stream that cannot be planned never keeps another from running.
 */
import { contentHash } from '../base/json.ts';
import type { Problem } from '../base/problem.ts';
import { nearest } from '../base/suggest.ts';
import type { WriteMode } from '../sdk/connector.ts';
import type { StreamSchema } from '../sdk/record.ts';
import { type Match, matchStreams } from './pattern.ts';
import { cursorOf, orderOf, selectColumns, upsertKeyOf } from './plan-columns.ts';
import { notesOf, type PlanNote } from './plan-notes.ts';
import problems from './problems.ts';
import type { PipelineSettings } from './settings.ts';

/** How a planned stream is read. */
export type PlannedMode =
  | { readonly type: 'full' }
  | { readonly type: 'incremental'; readonly cursor: string; readonly key: readonly string[]; readonly lookbackMs: number };

export interface StreamPlan {
  /** The stream with the carried columns only. */
  readonly stream: StreamSchema;
  readonly mode: PlannedMode;
  readonly write: WriteMode;
  /** Key for `upsert`; empty otherwise. */
  readonly key: readonly string[];
  readonly namespace: string | undefined;
  readonly table: string;
  readonly adopt: boolean;
  readonly allowEmpty: boolean;
  /** Name the sink keeps the position under: another source, target, cursor or order starts afresh. */
  readonly position: string;
  /** What this choice cannot see or promise: said in the run's log. */
  readonly notes: readonly PlanNote[];
}

export interface StreamRefusal {
  /** Stream, or the pattern that names none. */
  readonly stream: string;
  readonly problem: Problem;
}

export interface Plan {
  readonly streams: readonly StreamPlan[];
  readonly refused: readonly StreamRefusal[];
}

/** Plans a pipeline against what its source offers now. Raises only `too-many-streams`. */
export function planStreams(settings: PipelineSettings, discovered: readonly StreamSchema[], streamsMax: number): Plan {
  const { matched, unmatched } = matchStreams(settings.source.streams, discovered);
  if (matched.length > streamsMax) throw problems.raise['too-many-streams']({ values: { count: matched.length, most: streamsMax } });
  const refused: StreamRefusal[] = unmatched.map(({ name }) => ({ stream: name, problem: noStream(name, settings, discovered) }));
  const streams: StreamPlan[] = [];
  for (const match of matched) {
    const planned = planOne(settings, match);
    if ('problem' in planned) refused.push(planned);
    else streams.push(planned);
  }
  return refuseCollisions(streams, refused);
}

function planOne(settings: PipelineSettings, { stream: whole, options }: Match): StreamPlan | StreamRefusal {
  try {
    const stream = selectColumns(whole, options.columns);
    const write = options.write ?? settings.sink.write;
    const chosen = options.mode ?? settings.mode;
    const table = settings.sink.prefix + (options.target ?? stream.table);
    const namespace = settings.sink.schema;
    if (isItself(settings, stream, namespace, table)) throw problems.raise['target-is-source']({ values: { stream: stream.name } });
    if (write === 'replace' && chosen !== 'full') throw problems.raise['replace-incremental']({ values: { stream: stream.name } });
    const key = write === 'upsert' ? upsertKeyOf(whole, stream, options.key) : [];
    const mode: PlannedMode =
      chosen === 'full'
        ? { type: 'full' }
        : {
            type: 'incremental',
            cursor: cursorOf(whole, stream, chosen.incremental.cursor),
            key: orderOf(whole, stream, chosen.incremental.key),
            lookbackMs: chosen.incremental.lookback,
          };
    const plan = { stream, mode, write, key, namespace, table, adopt: options.adopt ?? false, allowEmpty: options.allowEmpty ?? false };
    return Object.freeze({ ...plan, position: positionName(settings, plan), notes: notesOf(plan, options) });
  } catch (problem) {
    return { stream: whole.name, problem: problem as Problem };
  }
}

/** Two streams must never mix in one table. Case is ignored, as some databases ignore it. */
function refuseCollisions(streams: readonly StreamPlan[], refused: readonly StreamRefusal[]): Plan {
  const byTarget = Map.groupBy(streams, (plan) => JSON.stringify([plan.namespace, plan.table]).toLowerCase());
  const clashes = [...byTarget.values()].filter((plans) => plans.length > 1);
  const out = new Set(clashes.flat());
  const more = clashes.flatMap((plans) =>
    plans.map((plan) => ({
      stream: plan.stream.name,
      problem: problems.raise['target-taken']({ values: { streams: plans.map((p) => p.stream.name).join(', '), table: plan.table } }),
    })),
  );
  return { streams: streams.filter((plan) => !out.has(plan)), refused: [...refused, ...more] };
}

function noStream(name: string, settings: PipelineSettings, discovered: readonly StreamSchema[]): Problem {
  const near = name.includes('*')
    ? undefined
    : nearest(
        name,
        discovered.map((s) => s.name),
      );
  const hint = near ? { en: ` (did you mean "${near}"?)`, zh: `（是否指 "${near}"？）` } : '';
  return problems.raise['no-stream']({ values: { name, connection: settings.source.connection, hint } });
}

function isItself(settings: PipelineSettings, stream: StreamSchema, namespace: string | undefined, table: string): boolean {
  return (
    settings.source.connection === settings.sink.connection &&
    stream.table === table &&
    (namespace === undefined || stream.namespace === undefined || namespace === stream.namespace)
  );
}

/**
 * A position belongs to what it was read from, by which order, and where its rows went: after any of
 * these changes the old position would skip rows, so it gets another name and the read starts afresh.
 * So it does when a column joins: rows before the position have its values too. Only `upsert` can write
 * them again; `append` would double them and keeps its position.
 */
function positionName(settings: PipelineSettings, plan: Pick<StreamPlan, 'stream' | 'mode' | 'write' | 'namespace' | 'table'>): string {
  const to = plan.namespace === undefined ? plan.table : `${plan.namespace}.${plan.table}`;
  const by = plan.mode.type === 'full' ? 'full' : [plan.mode.cursor, ...plan.mode.key].join(',');
  const columns = plan.stream.columns.map((column) => column.name).sort();
  const rereads = plan.mode.type !== 'full' && plan.write === 'upsert';
  const of = rereads ? ` of ${columns.length} columns ${contentHash(columns).slice(0, 8)}` : '';
  return `${settings.source.connection}:${plan.stream.name} > ${to} by ${by}${of}`;
}
