/** All pipelines: what goes on now and how the last run ended are two marks. */
import { CaretRightOutlined } from '@ant-design/icons';
import { Link } from '@tanstack/react-router';
import { Button, Empty } from 'antd';
import type { PipelineOverview } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { LastResult, PipelineState } from '../../data/run-marks.tsx';
import { sumsOf } from '../../data/run-sums.ts';
import { useStartRun } from '../../data/use-run-actions.ts';
import { TimeAgo, useFormats } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { CreateLink } from '../../ui/create-link.tsx';
import { type ListColumn, type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';
import { ScheduleText } from './schedule-text.tsx';

const texts = {
  title: { en: 'Pipelines', zh: '管道' },
  about: {
    en: 'Each carries rows from a source to a target, by hand or on a schedule.',
    zh: '每个管道把行从源搬到目标，可手动或定时运行。',
  },
  none: {
    en: 'No pipeline yet. One is made step by step: source, streams, target, how to carry.',
    zh: '还没有管道。按步骤新建：源、流、目标、同步方式。',
  },
  create: { en: 'New pipeline', zh: '新建管道' },
  runNamed: { en: 'Run {name} now', zh: '立即运行 {name}' },
};

const columns: readonly ListColumn<PipelineOverview>[] = [
  {
    key: 'name',
    title: { en: 'Name', zh: '名称' },
    sort: 'name',
    render: ({ project, name }) => <Link to={`/pipelines/${project}/${name}`}>{name}</Link>,
  },
  { key: 'way', title: { en: 'From → to', zh: '源 → 目标' }, render: ({ source, sink }) => `${source} → ${sink}` },
  { key: 'now', title: { en: 'Now', zh: '当前状态' }, render: (pipeline) => <Now pipeline={pipeline} /> },
  { key: 'last', title: { en: 'Last result', zh: '上次结果' }, render: ({ last }) => <Last last={last} /> },
  { key: 'rows', title: { en: 'Rows', zh: '上次行数' }, align: 'right', render: ({ last }) => <Rows last={last} /> },
  { key: 'schedule', title: { en: 'Schedule', zh: '计划' }, render: ({ schedule }) => <ScheduleText schedule={schedule} /> },
  { key: 'next', title: { en: 'Next run', zh: '下次运行' }, render: ({ nextAt }) => <TimeAgo at={nextAt} /> },
  { key: 'project', title: { en: 'Project', zh: '项目' }, hidden: true, render: ({ project }) => project },
  { key: 'run', title: { en: 'Run', zh: '运行' }, render: (pipeline) => <RunNow pipeline={pipeline} /> },
];

const fields: readonly ListField[] = [{ name: 'name', label: { en: 'Name', zh: '名称' } }];
const MOVING_MS = 1_000;
const QUIET_MS = 5_000;

export default function PipelineListPage() {
  const say = useSay();
  const { project } = useProject();
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <CreateLink primary to="/pipelines/new">
          {say(texts.create)}
        </CreateLink>
      </PageHead>
      <ListView<PipelineOverview>
        id="pipelines"
        csv="/api/v1/pipelines"
        label={say(texts.title)}
        columns={columns}
        fields={fields}
        fixed={{ project }}
        rowKey={({ project: of, name }) => `${of}/${name}`}
        every={(rows) => (rows.some(({ current }) => current !== null) ? MOVING_MS : QUIET_MS)}
        load={async (query) => (await api.listPipelines({ query })).data}
        empty={
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.none)}>
            <CreateLink to="/pipelines/new">{say(texts.create)}</CreateLink>
          </Empty>
        }
      />
    </>
  );
}

function Now({ pipeline }: { readonly pipeline: PipelineOverview }) {
  if (!pipeline.current) return <PipelineState pipeline={pipeline} />;
  return (
    <Link to={`/runs/${pipeline.current.id}`}>
      <PipelineState pipeline={pipeline} />
    </Link>
  );
}

function Last({ last }: Pick<PipelineOverview, 'last'>) {
  if (!last) return <LastResult last={last} />;
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      <Link to={`/runs/${last.id}`}>
        <LastResult last={last} />
      </Link>{' '}
      <span className="weir-quiet">
        <TimeAgo at={last.finishedAt} />
      </span>
    </span>
  );
}

function Rows({ last }: Pick<PipelineOverview, 'last'>) {
  const formats = useFormats();
  return <>{last ? formats.number(sumsOf(last).rowsWritten) : '—'}</>;
}

function RunNow({ pipeline: { project, name, current, enabled } }: { readonly pipeline: PipelineOverview }) {
  const say = useSay();
  const mayRun = useSession().may('runs:write');
  const start = useStartRun();
  if (!mayRun) return null;
  return (
    <Button
      size="small"
      icon={<CaretRightOutlined aria-hidden />}
      loading={start.isPending}
      disabled={current !== null || !enabled}
      aria-label={say(texts.runNamed, { name })}
      title={say(texts.runNamed, { name })}
      onClick={() => start.mutate({ project, name })}
    />
  );
}
