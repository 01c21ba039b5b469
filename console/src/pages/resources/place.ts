/** The resource the address names. */
import { useParams } from '@tanstack/react-router';
import type { ResourcePlace } from '../../documents/kinds.ts';

/** Project, kind and name of the page's address. */
export function usePlace(): ResourcePlace {
  const { project = '', kind = '', name = '' } = useParams({ strict: false }) as Partial<ResourcePlace>;
  return { project, kind, name };
}
