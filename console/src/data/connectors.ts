/** The connectors of this build. */
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';

/** Every connector with its words and roles; asked once. */
export function useConnectors() {
  return useQuery({
    queryKey: ['components'],
    queryFn: async () => (await api.listComponents()).data.items,
    select: (items) => items.filter(({ kind }) => kind === 'connector'),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
