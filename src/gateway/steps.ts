/** Work in small steps, so that who drives it can serve requests in between. */

/** Work that stops after each small step until it is asked to go on. */
export type Steps<T> = Generator<undefined, T>;

/** Does all of it now. */
export function finish<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
