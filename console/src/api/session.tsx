/**
 * Who is logged in. A session that ends while somebody works does not take the page away: a login stands over it,
 * and what was typed below is still there afterwards.
 */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, lazy, type ReactNode, Suspense, use, useCallback, useEffect, useMemo, useState } from 'react';
import type { Whoami } from '../../../generated/client.ts';
import { api, keepCsrf, onExpired, ProblemAnswer } from './client.ts';

export interface Session {
  readonly who: Whoami;
  /** True when the caller has the permission. */
  may(permission: string): boolean;
  logout(): Promise<void>;
}

/** Asks who is logged in; null for nobody. */
export const whoQuery = queryOptions({ queryKey: ['whoami'], queryFn: () => askWho(), staleTime: Number.POSITIVE_INFINITY, retry: 1 });

const SessionContext = createContext<Session | undefined>(undefined);
const LoginPage = lazy(() => import('../pages/login/login-page.tsx'));

/** Shows `children` to those who are logged in, the login to others. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const [ended, setEnded] = useState(false);
  const { data: who, isPending } = useQuery(whoQuery);
  useEffect(() => onExpired(() => setEnded(true)), []);
  const loggedIn = useCallback(
    async (name: string) => {
      // What somebody else was answered is not shown to who comes next.
      const before = queries.getQueryData(whoQuery.queryKey)?.name;
      if (before !== name) queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'whoami' });
      await queries.invalidateQueries({ queryKey: ['whoami'] });
      setEnded(false);
      await queries.invalidateQueries();
    },
    [queries],
  );
  const session = useMemo<Session | undefined>(
    () =>
      who
        ? {
            who,
            may: (permission) => who.permissions.includes(permission) || who.permissions.includes('*'),
            async logout() {
              await api.logout({});
              queries.clear();
              location.assign('/');
            },
          }
        : undefined,
    [who, queries],
  );
  if (isPending) return null;
  if (!session) return <Login onDone={loggedIn} />;
  // Another user begins with another page: what stands on this one is of the user before, whose draft is kept.
  return (
    <SessionContext key={session.who.name} value={session}>
      {children}
      {ended ? <Login name={session.who.name} onDone={loggedIn} over /> : null}
    </SessionContext>
  );
}

function Login(props: { readonly name?: string; readonly over?: boolean; readonly onDone: (name: string) => Promise<void> }) {
  return (
    <Suspense fallback={null}>
      <LoginPage {...props} />
    </Suspense>
  );
}

async function askWho(): Promise<Whoami | null> {
  try {
    const { data } = await api.whoami({});
    keepCsrf(data.csrfToken ?? undefined);
    return data;
  } catch (error) {
    if (error instanceof ProblemAnswer && error.problem.status === 401) return null;
    throw error;
  }
}

/** The session; only below `SessionProvider`. */
export function useSession(): Session {
  const found = use(SessionContext);
  if (!found) throw new Error('no SessionProvider above');
  return found;
}
