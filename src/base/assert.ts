/** Programmer errors: something that must hold does not. Never for input. */

/** Throws when `condition` is false; fails the exchange or the run that meets it. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** Marks a branch the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable value: ${JSON.stringify(value)}`);
}

/** The error of a broken invariant: a bug of ours, answered with 500 and an id. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}
