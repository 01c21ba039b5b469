/** Kinds and resources as queries that all pages share. */
import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { api } from '../api/client.ts';
import { useKinds } from '../data/components.ts';
import type { JsonSchema } from '../forms/schema.ts';
import { useSay } from '../ui/language.tsx';

const KIND_STALE_MS = 600_000;

/** A kind or component with its schema and examples: `DataApi`, `policy/rate-limit`. */
export function useKind(name: string) {
  return useQuery({
    queryKey: ['component', name],
    staleTime: KIND_STALE_MS,
    queryFn: async () => {
      const { data } = await api.explainComponent({ params: { name } });
      return { ...data, schema: data.schema as JsonSchema };
    },
  });
}

/** What people call a kind: its title in the reader's language, nothing until that is known, its id when it cannot be. */
export function useKindTitle(): (kind: string) => string {
  const say = useSay();
  const { data, isPending } = useKinds();
  return useCallback(
    (kind) => {
      if (isPending) return '';
      const found = data?.find(({ id }) => id === kind);
      return found ? say(found.title) : kind;
    },
    [data, isPending, say],
  );
}

/** False for what belongs to the whole of Weir: its documents stand in `default` and name no project. */
export function hasProject(kind: string): boolean {
  return kind !== 'User';
}

export interface ResourcePlace {
  readonly project: string;
  readonly kind: string;
  readonly name: string;
}

/** One resource; asked again while it is not serving yet. */
export function useResource(place: ResourcePlace) {
  return useQuery({
    queryKey: ['resource', place],
    queryFn: async () => (await api.getResource({ params: { ...place } })).data,
    refetchInterval: ({ state }) => (state.data?.status.state === 'pending' ? 1500 : false),
  });
}

/** Resources that name this one. */
export function useUses(place: ResourcePlace) {
  return useQuery({
    queryKey: ['uses', place],
    queryFn: async () => (await api.listResourceUses({ params: { ...place } })).data.items,
  });
}

/** Address of a resource's page. */
export function resourceAddress({ project, kind, name }: ResourcePlace): string {
  return `/resources/${project}/${kind}/${name}`;
}
