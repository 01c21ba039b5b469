/** Which problem belongs to which field. Pure. */
import { below } from './schema.ts';

/** A problem of a document, by RFC 6901 pointer. */
export interface PointedProblem {
  readonly pointer: string;
  readonly detail: string;
  readonly line?: number;
}

/** Problems at the pointer or anywhere below it. */
export function problemsIn(problems: readonly PointedProblem[], pointer: string): readonly PointedProblem[] {
  return problems.filter((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`));
}

/** Problems an object shows itself: its own, and those of members that no field draws. */
export function problemsOfObject(
  problems: readonly PointedProblem[],
  pointer: string,
  names: readonly string[],
): readonly PointedProblem[] {
  const drawn = names.map((name) => below(pointer, name));
  return problemsIn(problems, pointer).filter((one) => !drawn.some((own) => one.pointer === own || one.pointer.startsWith(`${own}/`)));
}
