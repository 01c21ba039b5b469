/** One pipeline: its two marks, its streams as a run would carry them, its runs, and what one can do. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Tabs } from 'antd';
import type { Run } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { runColumns } from '../../data/run-columns.tsx';
import { isMoving } from '../../data/run-sums.ts';
import { useSay } from '../../ui/language.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { PipelineActions } from './pipeline-actions.tsx';
import { PipelineFacts } from './pipeline-facts.tsx';
import { PipelineStreams } from './pipeline-streams.tsx';

const texts = {
  runs: { en: 'Runs', zh: '运行' },
  streams: { en: 'Streams', zh: '流' },
  views: { en: 'Views of the pipeline', zh: '管道视图' },
};

const MOVING_MS = 1_000;
const QUIET_MS = 5_000;
const columns = runColumns.filter(({ key }) => key !== 'pipeline' && key !== 'project');

export default function PipelinePage() {
  const say = useSay();
  const { project = '', name = '' } = useParams({ strict: false }) as { project?: string; name?: string };
  const [url, setUrl] = useUrlState();
  const { data, error, refetch } = useQuery({
    queryKey: ['pipeline', project, name],
    queryFn: async () => (await api.getPipeline({ params: { project, name } })).data,
    refetchInterval: ({ state }) => (state.data?.current ? MOVING_MS : QUIET_MS),
  });
  if (!data) {
    return (
      <>
        <PageHead title={name} />
        {error ? <ProblemView error={error} retry={() => void refetch()} /> : <Waiting />}
      </>
    );
  }
  const tab = url['tab'] === 'streams' ? 'streams' : 'runs';
  return (
    <>
      <PageHead title={name} {...(data.description === null ? {} : { about: data.description })}>
        <PipelineActions pipeline={data} />
      </PageHead>
      <PipelineFacts pipeline={data} />
      <Tabs
        aria-label={say(texts.views)}
        activeKey={tab}
        destroyOnHidden
        onChange={(key) => setUrl({ tab: key === 'runs' ? undefined : key, after: undefined })}
        items={[
          { key: 'runs', label: say(texts.runs), children: <Runs project={project} name={name} /> },
          { key: 'streams', label: say(texts.streams), children: <PipelineStreams project={project} name={name} /> },
        ]}
      />
    </>
  );
}

function Runs({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  return (
    <ListView<Run>
      id="pipeline-runs"
      label={say(texts.runs)}
      columns={columns}
      fixed={{ project, pipeline: name }}
      rowKey={({ id }) => id}
      every={(rows) => (rows.some(isMoving) ? MOVING_MS : QUIET_MS)}
      load={async (query) => (await api.listRuns({ query: query as never })).data}
    />
  );
}
