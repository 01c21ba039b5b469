/** One run: what goes on now, how it ended and why, its streams, its log. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Alert, Button, Space } from 'antd';
import type { Run } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { isMoving } from '../../data/run-sums.ts';
import { runKey, useCancelRun, useRetryRun } from '../../data/use-run-actions.ts';
import { useSay } from '../../ui/language.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { RunFacts } from './run-facts.tsx';
import { RunLog } from './run-log.tsx';
import { RunProblem } from './run-problem.tsx';
import { RunProgress } from './run-progress.tsx';
import { RunStreams } from './run-streams.tsx';

const texts = {
  title: { en: 'Run of {pipeline}', zh: '{pipeline} 的运行' },
  run: { en: 'Run', zh: '运行' },
  pipeline: { en: 'Pipeline', zh: '管道' },
  cancel: { en: 'Cancel', zh: '取消运行' },
  retry: { en: 'Run once more', zh: '重新运行' },
  stopping: {
    en: 'Asked to stop. What is committed stays; the worker ends within seconds.',
    zh: '已请求停止。已提交的内容会保留，工作进程将在数秒内结束。',
  },
};

const MOVING_MS = 1_000;

export default function RunPage() {
  const say = useSay();
  const { id = '' } = useParams({ strict: false }) as { id?: string };
  const { data, error, refetch } = useQuery({
    queryKey: runKey(id),
    queryFn: async () => (await api.getRun({ params: { id } })).data,
    refetchInterval: ({ state }) => (state.data && isMoving(state.data) ? MOVING_MS : false),
  });
  if (!data) {
    return (
      <>
        <PageHead title={say(texts.run)} />
        {error ? <ProblemView error={error} retry={() => void refetch()} /> : <Waiting />}
      </>
    );
  }
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 16 }}>
      <PageHead title={say(texts.title, { pipeline: data.pipeline })}>
        <Actions run={data} />
      </PageHead>
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : null}
      {data.cancelRequested && isMoving(data) ? <Alert type="info" showIcon title={say(texts.stopping)} /> : null}
      <RunProblem problem={data.problem} />
      <RunFacts run={data} />
      <RunProgress run={data} />
      <RunStreams streams={data.streams} />
      <RunLog key={data.id} id={data.id} isMoving={isMoving(data)} />
    </div>
  );
}

function Actions({ run }: { readonly run: Run }) {
  const say = useSay();
  const session = useSession();
  const cancel = useCancelRun();
  const retry = useRetryRun();
  const mayRun = session.may('runs:write');
  return (
    <Space wrap>
      <LinkButton to={`/pipelines/${run.project}/${run.pipeline}`}>{say(texts.pipeline)}</LinkButton>
      {mayRun && isMoving(run) ? (
        <Button danger disabled={run.cancelRequested} onClick={() => cancel.mutate(run.id)}>
          {say(texts.cancel)}
        </Button>
      ) : null}
      {mayRun && !isMoving(run) ? (
        <Button type="primary" loading={retry.isPending} onClick={() => retry.mutate(run.id)}>
          {say(texts.retry)}
        </Button>
      ) : null}
    </Space>
  );
}
