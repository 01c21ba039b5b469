/** Filters that live in the address: a view with its filters is a link one can send. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

export type UrlValues = Readonly<Record<string, string | undefined>>;

/** Values of the address's search part and a function that changes some of them; undefined or '' removes one. */
export function useUrlState(): readonly [UrlValues, (changes: UrlValues) => void] {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const change = useCallback(
    (changes: UrlValues) => {
      const cleaned = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value === '' ? undefined : value]));
      void navigate({ to: '.', search: (before: Record<string, unknown>) => ({ ...before, ...cleaned }), replace: true } as never);
    },
    [navigate],
  );
  return [search as UrlValues, change];
}
