/** Names of resources that are there: what a new one cannot be called. */
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';

const NAMES_MAX = 1000;

/** Names of a kind in a project that hold `text`; undefined until they are known. */
export function useTakenNames(kind: string, project: string, text: string): ReadonlySet<string> | undefined {
  const { data } = useQuery({
    queryKey: ['taken', kind, project, text],
    queryFn: () => takenNames(kind, project, text),
    staleTime: 0,
  });
  return data;
}

/** The same, asked for once. */
export async function takenNames(kind: string, project: string, text: string): Promise<ReadonlySet<string>> {
  const { data } = await api.listResources({ query: { kind, project, text, limit: NAMES_MAX } });
  return new Set(data.items.map(({ name }) => name));
}
