/** How a verb ends. */

/** Exit codes of the command line; they never change. */
export const EXIT = Object.freeze({ ok: 0, failed: 1, usage: 2, different: 3, notFound: 4, notAllowed: 5 });

/** Exit code for an HTTP status of a problem. */
export function exitOfStatus(status: number): number {
  if (status === 404) return EXIT.notFound;
  return status === 401 || status === 403 ? EXIT.notAllowed : EXIT.failed;
}
