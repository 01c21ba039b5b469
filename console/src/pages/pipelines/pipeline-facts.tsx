/** The two marks of a pipeline and what it is. */
import { Link } from '@tanstack/react-router';
import { Alert, Card, Descriptions, type DescriptionsProps } from 'antd';
import type { PipelineOverview } from '../../../../generated/client.ts';
import { LastResult, PipelineState } from '../../data/run-marks.tsx';
import { sumsOf } from '../../data/run-sums.ts';
import { TimeAgo, useFormats } from '../../ui/format.tsx';
import { type Say, useSay } from '../../ui/language.tsx';
import { ScheduleText } from './schedule-text.tsx';

const texts = {
  now: { en: 'Now', zh: '当前状态' },
  last: { en: 'Last result', zh: '上次结果' },
  rows: { en: 'Rows last run', zh: '上次行数' },
  source: { en: 'Source', zh: '源' },
  target: { en: 'Target', zh: '目标' },
  schedule: { en: 'Schedule', zh: '计划' },
  next: { en: 'Next run', zh: '下次运行' },
  folder: {
    en: 'Comes from a file in the watched folder: change the file, not this page.',
    zh: '来自受监视文件夹中的文件：请修改文件，而非此页面。',
  },
  notServing: { en: 'This version does not serve', zh: '此版本未生效' },
};

export function PipelineFacts({ pipeline }: { readonly pipeline: PipelineOverview }) {
  const say = useSay();
  const formats = useFormats();
  const { status, manager } = pipeline;
  return (
    <div style={{ display: 'grid', gap: 12 }}>
      {manager === 'folder' ? <Alert type="info" showIcon title={say(texts.folder)} /> : null}
      {status.state === 'failed' ? <Alert type="warning" showIcon title={say(texts.notServing)} description={status.reason} /> : null}
      <Card size="small">
        <Descriptions size="small" column={{ xs: 1, sm: 2, lg: 3 }} items={itemsOf(pipeline, say, formats.number)} />
      </Card>
    </div>
  );
}

function itemsOf(pipeline: PipelineOverview, say: Say, number: (value: number) => string): DescriptionsProps['items'] {
  const { project, current, last, source, sink, schedule, nextAt } = pipeline;
  const state = <PipelineState pipeline={pipeline} />;
  return [
    { key: 'now', label: say(texts.now), children: current ? <Link to={`/runs/${current.id}`}>{state}</Link> : state },
    {
      key: 'last',
      label: say(texts.last),
      children: last ? (
        <Link to={`/runs/${last.id}`}>
          <LastResult last={last} /> <TimeAgo at={last.finishedAt} />
        </Link>
      ) : (
        <LastResult last={last} />
      ),
    },
    { key: 'rows', label: say(texts.rows), children: last ? number(sumsOf(last).rowsWritten) : '—' },
    { key: 'source', label: say(texts.source), children: <Link to={`/connections/${project}/${source}`}>{source}</Link> },
    { key: 'target', label: say(texts.target), children: <Link to={`/connections/${project}/${sink}`}>{sink}</Link> },
    { key: 'schedule', label: say(texts.schedule), children: <ScheduleText schedule={schedule} /> },
    { key: 'next', label: say(texts.next), children: <TimeAgo at={nextAt} /> },
  ];
}
