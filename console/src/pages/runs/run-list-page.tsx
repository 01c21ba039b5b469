/** Runs of all pipelines, newest first; alive while something moves. */
import { Empty } from 'antd';
import { useMemo } from 'react';
import type { Run } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { runColumns } from '../../data/run-columns.tsx';
import { RESULTS, STATES } from '../../data/run-marks.tsx';
import { isMoving } from '../../data/run-sums.ts';
import { type Text, useSay } from '../../ui/language.tsx';
import { LinkButton } from '../../ui/link-button.tsx';
import { type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';
import { sinceMs } from './since.ts';

const texts = {
  title: { en: 'Runs', zh: '运行' },
  about: {
    en: 'Every run of every pipeline. What goes on now and how it ended are two columns.',
    zh: '所有管道的每次运行。当前状态与结果分列显示。',
  },
  none: {
    en: 'No pipeline has run yet. A run carries rows from a source to a target.',
    zh: '还没有管道运行过。一次运行把行从源搬到目标。',
  },
  pipelines: { en: 'To the pipelines', zh: '查看管道' },
};

const SINCE: Readonly<Record<string, Text>> = {
  '1h': { en: 'Last hour', zh: '最近 1 小时' },
  '24h': { en: 'Last 24 hours', zh: '最近 24 小时' },
  '7d': { en: 'Last 7 days', zh: '最近 7 天' },
  '30d': { en: 'Last 30 days', zh: '最近 30 天' },
};

const MOVING_MS = 1_000;
const QUIET_MS = 5_000;

export default function RunListPage() {
  const say = useSay();
  const { project } = useProject();
  const fields = useFields();
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)} />
      <ListView<Run>
        id="runs"
        csv="/api/v1/runs"
        csvQuery={({ since, ...query }) => ({ ...query, from: sinceMs(since, Date.now())?.toString() })}
        label={say(texts.title)}
        columns={runColumns}
        fields={fields}
        fixed={{ project }}
        rowKey={({ id }) => id}
        every={(rows) => (rows.some(isMoving) ? MOVING_MS : QUIET_MS)}
        load={async ({ since, ...query }) => {
          const from = sinceMs(since as string | undefined, Date.now());
          return (await api.listRuns({ query: { ...query, from } as never })).data;
        }}
        empty={
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.none)}>
            <LinkButton to="/pipelines">{say(texts.pipelines)}</LinkButton>
          </Empty>
        }
      />
    </>
  );
}

function useFields(): readonly ListField[] {
  const say = useSay();
  return useMemo(() => {
    const choices = (marks: Readonly<Record<string, { readonly text: Text }>>) =>
      Object.entries(marks).map(([value, { text }]) => ({ value, label: say(text) }));
    return [
      { name: 'pipeline', label: { en: 'Pipeline (exact name)', zh: '管道（完整名称）' } },
      { name: 'state', label: { en: 'Now', zh: '当前状态' }, options: choices(STATES) },
      { name: 'result', label: { en: 'Result', zh: '结果' }, options: choices(RESULTS) },
      {
        name: 'since',
        label: { en: 'Time', zh: '时间' },
        options: Object.entries(SINCE).map(([value, text]) => ({ value, label: say(text) })),
      },
    ];
  }, [say]);
}
