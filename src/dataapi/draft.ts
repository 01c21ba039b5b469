/**
 * Trying a data API before it is published:
 *
 *   spec ─▶ parameters found ─▶ compiled ─▶ described ─▶ checked as for publishing ─▶ explained ─▶ first rows
 *
 * It ends at the first step that finds a mistake, and tells what is known until there.
 */
import type { Clock } from '../base/clock.ts';
import { Problem } from '../base/problem.ts';
import type { CompiledDataApi, DataApiRequest } from '../sdk/dataapi.ts';
import type { DataApiDrafts, DraftDatabase, DraftMistake, DraftReport, DraftRequest } from '../sdk/dataapi-draft.ts';
import { type BoundValue, QueryFailure } from '../sdk/query.ts';
import { createDataApiCompiler } from './compiler.ts';
import { readCursor } from './cursor.ts';
import { findParameters, withFound } from './draft-parameters.ts';
import { placeOfFailure } from './draft-places.ts';
import { headerName } from './parameters.ts';
import { createDataApiChecker } from './publish.ts';
import { bindValues, shapeIndex } from './runner.ts';
import { createValueReader, type RequestValues } from './values.ts';

type Report = { -readonly [K in keyof DraftReport]: DraftReport[K] };

/** Makes what main.ts hands to control. */
export function createDataApiDrafts(clock: Clock): DataApiDrafts {
  return Object.freeze({
    try: (request: DraftRequest, database: DraftDatabase, signal: AbortSignal) => attempt(clock, request, database, signal),
  });
}

async function attempt(clock: Clock, request: DraftRequest, database: DraftDatabase, signal: AbortSignal): Promise<DraftReport> {
  const { engine } = database;
  const parameters = await findParameters(request.input, engine, signal);
  const report: Report = {
    parameters,
    mistakes: [],
    warnings: [],
    shapes: 0,
    shape: undefined,
    columns: [],
    plan: undefined,
    result: undefined,
    timings: {},
  };
  const compilation = createDataApiCompiler().compile(withFound(request.input, parameters));
  if (!compilation.ok) return { ...report, mistakes: compilation.errors };
  const { api } = compilation;
  report.shapes = api.shapes.length;
  report.warnings = compilation.warnings;
  const call = readCall(api, request);
  const index = call.ok ? shapeIndex(api, call.values, call.after !== undefined) : 0;
  const bound = call.ok ? bindValues(api, index, call.values, call.after) : [];
  if (call.ok) report.shape = shapeOf(api, index, bound);
  const timed = stopwatch(clock, report);
  const mistakes = await timed('describeMs', () => describe(api, index, request, engine, report, signal));
  report.mistakes = call.ok ? mistakes : [...mistakes, ...call.mistakes];
  if (report.mistakes.length > 0) return report;
  const shape = api.shapes[index]!;
  try {
    if (engine.explain) report.plan = await timed('planMs', () => engine.explain!(shape, bound, signal));
    const limits = { ...api.limits, timeoutMs: Math.min(api.limits.timeoutMs, request.timeoutMs), firstRows: request.rows };
    const { json, rows, more } = await timed('runMs', () => database.run(shape, bound, limits, signal));
    report.result = { json: Buffer.from(json).toString('utf8'), rows, more };
  } catch (error) {
    report.mistakes = [mistakeOf(error, request, api, index)];
  }
  return report;
}

/** What publishing would find. The chosen shape comes first: its mistakes are told with their place. */
async function describe(
  api: CompiledDataApi,
  index: number,
  request: DraftRequest,
  engine: DraftDatabase['engine'],
  report: Report,
  signal: AbortSignal,
): Promise<readonly DraftMistake[]> {
  try {
    report.columns = await engine.describe(api.shapes[index]!, signal);
  } catch (error) {
    return [mistakeOf(error, request, api, index)];
  }
  const checked = await createDataApiChecker().checkPublishable(api, engine, signal);
  if (!checked.ok) return checked.errors;
  report.warnings = [...report.warnings, ...checked.warnings];
  return [];
}

function mistakeOf(error: unknown, request: DraftRequest, api: CompiledDataApi, index: number): DraftMistake {
  if (!(error instanceof QueryFailure) || error.reason === 'unavailable' || error.reason === 'cancelled') throw error;
  return { pointer: '/sql', detail: error.detail, ...placeOfFailure(error, String(request.input.spec['sql']), api, index) };
}

type Read =
  | { readonly ok: true; readonly values: RequestValues; readonly after: readonly BoundValue[] | undefined }
  | { readonly ok: false; readonly mistakes: readonly DraftMistake[] };

/** The values read as those of a request are, so that the same text is taken or refused. */
function readCall(api: CompiledDataApi, { values }: DraftRequest): Read {
  const known = new Map(api.parameters.map((p) => [p.name, p]));
  const query = new URLSearchParams(Object.entries(values).filter(([name]) => (known.get(name)?.in ?? 'query') === 'query'));
  const headers = new Map(Object.entries(values).map(([name, value]) => [headerName(name), value]));
  const call: Pick<DataApiRequest, 'params' | 'query' | 'header'> = {
    params: Object.fromEntries(Object.entries(values).filter(([name]) => known.get(name)?.in === 'path')),
    query: query.toString(),
    header: (name) => headers.get(name),
  };
  try {
    const read = createValueReader(api)(call);
    return { ok: true, values: read, after: read.cursor === undefined ? undefined : readCursor(api, read.cursor) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const mistakes = error.errors.map(({ pointer, detail }) => ({ pointer: `/values/${nameIn(pointer, known.keys())}`, detail }));
    return { ok: false, mistakes: mistakes.length > 0 ? mistakes : [{ pointer: '/values/cursor', detail: error.detail }] };
  }
}

/** `/header/x-tenant` ─▶ `x_tenant`. */
function nameIn(pointer: string, names: Iterable<string>): string {
  const last = pointer.slice(pointer.lastIndexOf('/') + 1);
  return [...names].find((name) => pointer === `/header/${headerName(name)}`) ?? last;
}

function shapeOf(api: CompiledDataApi, index: number, bound: readonly BoundValue[]): DraftReport['shape'] {
  const count = api.conditions.length;
  const taken = Array.from({ length: count }, (_, i) => i + 1).filter((n) => index & (1 << (n - 1)));
  const { sql, binds } = api.shapes[index]!;
  return { branches: taken, sql, binds: binds.map((name, i) => ({ name, value: bound[i]!.value, type: bound[i]!.type })) };
}

function stopwatch(clock: Clock, report: Report) {
  return async <V>(name: keyof DraftReport['timings'], work: () => Promise<V>): Promise<V> => {
    const start = clock.monotonic();
    try {
      return await work();
    } finally {
      report.timings = { ...report.timings, [name]: clock.monotonic() - start };
    }
  };
}
