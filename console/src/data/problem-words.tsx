/** Codes of problems in words: the catalogue is asked for once, when the first code is shown. */
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.ts';
import { useSay } from '../ui/language.tsx';

/** Title of a problem by its code; undefined until the catalogue is here, and for what is no problem of ours. */
export function useProblemTitle(code: string): string | undefined {
  const say = useSay();
  const { data } = useQuery({
    queryKey: ['problems'],
    queryFn: async () => new Map((await api.listProblems({})).data.items.map(({ code: id, title }) => [id, title])),
    enabled: code.includes('/'),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const title = data?.get(code);
  return title && say(title);
}

/** What a problem is called; its code until that is known. */
export function ProblemTitle({ code }: { readonly code: string }) {
  return <span title={code}>{useProblemTitle(code) ?? code}</span>;
}

/** The same as a link to the page that explains it, its code beside it. */
export function ProblemLink({ code }: { readonly code: string }) {
  const title = useProblemTitle(code);
  if (!code.includes('/')) return <>{code}</>;
  return (
    <span>
      <a href={`/problems/${code}`} target="_blank" rel="noreferrer">
        {title ?? code}
      </a>
      {title === undefined ? null : <code className="weir-quiet"> {code}</code>}
    </span>
  );
}
