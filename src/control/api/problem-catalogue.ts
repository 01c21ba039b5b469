/** The problem catalogues as one list, for the API and the pages at `/problems/<code>`. */
import type { ProblemCatalogue, Retry } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';

/** One problem, whichever area declares it. */
export interface ProblemEntry {
  code: string;
  status: number;
  title: Text;
  detail: Text | null;
  retry: Retry;
}

/** All problems, sorted by code. */
export function listProblems(catalogues: readonly ProblemCatalogue[]): ProblemEntry[] {
  return catalogues
    .flatMap(({ area, specs }) =>
      Object.entries(specs).map(([name, spec]) => ({
        code: `${area}/${name}`,
        status: spec.status,
        title: { ...spec.title },
        detail: spec.detail ? { ...spec.detail } : null,
        retry: spec.retry ?? 'never',
      })),
    )
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** The problem with this code, or undefined. */
export function findProblem(catalogues: readonly ProblemCatalogue[], code: string): ProblemEntry | undefined {
  return listProblems(catalogues).find((entry) => entry.code === code);
}
