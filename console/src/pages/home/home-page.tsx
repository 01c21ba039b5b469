/** Home: what needs attention first, then traffic, the last runs, and where to begin. */
import { useQuery } from '@tanstack/react-query';
import { Card } from 'antd';
import { api } from '../../api/client.ts';
import { useLanguage } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useProject } from '../../ui/project.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { AttentionList } from './attention-list.tsx';
import { LastRuns } from './last-runs.tsx';
import { StartHere } from './start-here.tsx';
import { Traffic } from './traffic.tsx';

const texts = {
  title: { en: 'Home', zh: '首页' },
  attention: { en: 'Needs attention', zh: '需要关注' },
  traffic: { en: 'Traffic of the last hour', zh: '最近一小时流量' },
  runs: { en: 'Last runs', zh: '最近运行' },
  start: { en: 'Start here', zh: '从这里开始' },
};

const EVERY_MS = 5000;

export default function HomePage() {
  const { say } = useLanguage();
  const { project } = useProject();
  const { data, error, refetch } = useQuery({
    queryKey: ['overview', project],
    queryFn: async () => (await api.getOverview({ query: project ? { project } : {} })).data,
    refetchInterval: EVERY_MS,
  });
  return (
    <>
      <PageHead title={say(texts.title)} />
      {error ? <ProblemView error={error} retry={() => void refetch()} style={{ marginBlockEnd: 16 }} /> : null}
      {data ? (
        <div style={{ display: 'grid', gap: 16, gridTemplateColumns: 'repeat(auto-fit, minmax(min(420px, 100%), 1fr))' }}>
          <Card size="small" title={say(texts.attention)} style={{ gridColumn: '1 / -1' }}>
            <AttentionList items={data.attention} />
          </Card>
          {data.traffic ? (
            <Card size="small" title={say(texts.traffic)} style={{ gridColumn: '1 / -1' }}>
              <Traffic points={data.traffic} />
            </Card>
          ) : null}
          {data.runs ? (
            <Card size="small" title={say(texts.runs)}>
              <LastRuns runs={data.runs} />
            </Card>
          ) : null}
          <Card size="small" title={say(texts.start)}>
            <StartHere sample={data.sample} onChanged={() => void refetch()} />
          </Card>
        </div>
      ) : error ? null : (
        <Waiting />
      )}
    </>
  );
}
