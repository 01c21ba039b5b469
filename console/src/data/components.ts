/** The components of this build: kinds, connectors, auth methods, policies. Asked once, each page takes what it needs. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';

const componentsQuery = queryOptions({
  queryKey: ['components'],
  queryFn: async () => (await api.listComponents({})).data.items,
  staleTime: Number.POSITIVE_INFINITY,
});

/** Every component, with what people call it. */
export function useComponents() {
  return useQuery(componentsQuery);
}

/** Every connector with its words and roles. */
export function useConnectors() {
  return useQuery({ ...componentsQuery, select: (items) => items.filter(({ kind }) => kind === 'connector') });
}

/** Every kind of resource, in words. */
export function useKinds() {
  return useQuery({ ...componentsQuery, select: (items) => items.filter(({ kind }) => kind === 'resource') });
}
