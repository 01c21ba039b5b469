/** The builder of a data API, for a new one or one that is there. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api } from '../../api/client.ts';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useProject } from '../../ui/project.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { Builder } from './builder.tsx';

const texts = { title: { en: 'Build data API', zh: '构建数据 API' } };

export default function BuilderPage() {
  const { project, name } = useParams({ strict: false });
  return project && name ? <Existing key={`${project}/${name}`} project={project} name={name} /> : <New />;
}

function New() {
  const { projectOrDefault } = useProject();
  return <Builder key={projectOrDefault} project={projectOrDefault} resource={undefined} />;
}

function Existing({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  // What serves is read once: an edit that goes on must not change its base under the hand.
  const { data, error, refetch } = useQuery({
    queryKey: ['builder', project, name],
    queryFn: async () => (await api.getResource({ params: { project, kind: 'DataApi', name } })).data,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  if (data) return <Builder project={project} resource={data} />;
  return (
    <>
      <PageHead title={say(texts.title)} />
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : <Waiting />}
    </>
  );
}
