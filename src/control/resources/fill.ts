/** `${env:NAME}` filled in, then the spec read by its schema. A whole-value variable may stand for a number or a boolean. */
import type { ProblemPointer } from '../../base/problem.ts';
import type { TSchema } from '../../base/schema.ts';
import { readValue } from '../../base/schema-read.ts';
import { type AllowedEnvironment, fillEnvironment, wholeVariable } from '../documents/variables.ts';
import { mapTexts, replaceAt, valueAt } from './value-at.ts';

export interface FilledSpec {
  /** People's form with the environment filled in. */
  readonly written: Readonly<Record<string, unknown>>;
  /** As code uses it; only of use when there are no problems. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Pointers begin with `/spec`. */
  readonly problems: readonly ProblemPointer[];
}

/** Fills and reads a spec. Pure. */
export function fillVariables(schema: TSchema, original: Readonly<Record<string, unknown>>, environment: AllowedEnvironment): FilledSpec {
  const problems: ProblemPointer[] = [];
  let written = mapTexts(original, (text, pointer) => {
    if (!text.includes('${env:')) return text;
    const filled = fillEnvironment(text, environment);
    if (filled.problem !== undefined) problems.push({ pointer: `/spec${pointer}`, detail: filled.problem });
    return filled.text;
  });
  let read = readValue(schema, written);
  const typed = new Map(read.errors.flatMap(({ pointer }) => typedVariable(original, written, pointer)));
  if (typed.size > 0) {
    written = replaceAt(written, typed);
    read = readValue(schema, written);
  }
  const blamed = new Set(problems.map((problem) => problem.pointer));
  for (const error of read.errors) {
    if (!blamed.has(`/spec${error.pointer}`)) problems.push({ ...error, pointer: `/spec${error.pointer}` });
  }
  return { written, spec: (read.value ?? {}) as Readonly<Record<string, unknown>>, problems };
}

/** `port: ${env:WEIR_VAR_PORT}` gives a text where a number is asked for. */
function typedVariable(original: unknown, written: unknown, pointer: string): [string, unknown][] {
  const before = valueAt(original, pointer);
  const after = valueAt(written, pointer);
  if (typeof before !== 'string' || wholeVariable(before)?.source !== 'env' || typeof after !== 'string') return [];
  if (after === 'true' || after === 'false') return [[pointer, after === 'true']];
  return /^-?\d+(\.\d+)?$/.test(after) && Number.isFinite(Number(after)) ? [[pointer, Number(after)]] : [];
}
