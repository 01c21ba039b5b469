/** The project one looks at: kept in the address (`?project=`), and in every link from it, so that every view is a link. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { chooseProject } from './chosen-project.ts';

interface ProjectUse {
  /** Name of the project, or undefined for all of them. */
  readonly project: string | undefined;
  /** For operations that need one. */
  readonly projectOrDefault: string;
  choose(project: string | undefined): void;
}

/** The project in use and how to change it. */
export function useProject(): ProjectUse {
  const search = useSearch({ strict: false }) as { project?: string };
  const navigate = useNavigate();
  const project = search.project;
  const choose = useCallback(
    (chosen: string | undefined) => {
      chooseProject(chosen);
      void navigate({ to: '.', search: (before: Record<string, unknown>) => ({ ...before, project: chosen, after: undefined }) } as never);
    },
    [navigate],
  );
  return { project, projectOrDefault: project ?? 'default', choose };
}
