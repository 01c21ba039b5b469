/** The streams of a saved pipeline as its next run would carry them: asked of source and target now. */
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { PlanView } from './plan-view.tsx';

const texts = {
  about: {
    en: 'What the next run would carry, asked of source and target just now. No row is moved.',
    zh: '下次运行将搬运的内容，刚刚向源和目标查询所得，不移动任何行。',
  },
};

export function PipelineStreams({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  const { data, error, refetch } = useQuery({
    queryKey: ['pipeline-plan', project, name],
    queryFn: async ({ signal }) => {
      const { data: saved } = await api.getResource({ params: { project, kind: 'Pipeline', name }, signal });
      return (await api.planPipeline({ params: { project }, body: { name, spec: saved.spec }, signal })).data;
    },
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <>
      <p className="weir-quiet" style={{ marginBlockStart: 0 }}>
        {say(texts.about)}
      </p>
      <PlanView plan={data} />
    </>
  );
}
