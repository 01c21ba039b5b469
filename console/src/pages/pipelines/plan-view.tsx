/** A plan for people: each stream with its target, its types with conflicts marked, and what its mode cannot see. */
import { Alert, Table, type TableColumnsType } from 'antd';
import type { PipelinePlan, PlannedStream } from '../../../../generated/client.ts';
import { type Formats, useFormats } from '../../ui/format.tsx';
import { type Language, type Say, type Text, useLanguage } from '../../ui/language.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';
import { worstFit } from './plan-marks.ts';

const texts = {
  refused: { en: '{stream} cannot be carried', zh: '无法同步 {stream}' },
  cursors: { en: 'Columns that could be the cursor: {columns}', zh: '可作游标的列：{columns}' },
  target: { en: 'The target could not be asked', zh: '无法查询目标' },
  stream: { en: 'Stream', zh: '流' },
  to: { en: 'Target table', zh: '目标表' },
  made: { en: 'will be made', zh: '将新建' },
  exists: { en: 'exists', zh: '已存在' },
  mode: { en: 'Mode', zh: '模式' },
  write: { en: 'Write', zh: '写入' },
  rows: { en: 'Rows (about)', zh: '行数（约）' },
  types: { en: 'Types', zh: '类型' },
  full: { en: 'full', zh: '全量' },
  incremental: { en: 'incremental by {cursor}', zh: '按 {cursor} 增量' },
  none: { en: 'No stream.', zh: '没有流。' },
  column: { en: 'Column', zh: '列' },
  sourceType: { en: 'Source type', zh: '源类型' },
  targetType: { en: 'Target type', zh: '目标类型' },
  fit: { en: 'Fits', zh: '适配' },
};

const COLUMNS_SHOWN = 12;

type Fit = NonNullable<PlannedStream['columns'][number]['fit']>;

const FITS: Readonly<Record<Fit, { readonly tone: Tone; readonly text: Text }>> = {
  new: { tone: 'good', text: { en: 'Will be made', zh: '将新建' } },
  same: { tone: 'good', text: { en: 'All fit', zh: '完全适配' } },
  narrower: { tone: 'warning', text: { en: 'Narrower: some values may fail', zh: '较窄：部分值可能失败' } },
  conflict: { tone: 'bad', text: { en: 'Type conflict', zh: '类型冲突' } },
};

const WRITES: Readonly<Record<PlannedStream['write'], Text>> = {
  append: { en: 'append', zh: '追加' },
  upsert: { en: 'upsert by {key}', zh: '按 {key} 更新插入' },
  replace: { en: 'replace', zh: '整体替换' },
};

export function PlanView({ plan }: { readonly plan: PipelinePlan }) {
  const { say, language } = useLanguage();
  const formats = useFormats();
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 12 }}>
      <PlanProblems plan={plan} />
      <Table<PlannedStream>
        size="small"
        rowKey="stream"
        columns={columnsOf(say, formats)}
        dataSource={plan.streams}
        pagination={plan.streams.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: say(texts.none) }}
        expandable={{
          defaultExpandedRowKeys: plan.streams.filter((s) => worstFit(s) === 'conflict').map((s) => s.stream),
          expandedRowRender: (stream) => <StreamDetail stream={stream} language={language} />,
        }}
      />
    </div>
  );
}

/** What keeps streams out, and a target that did not answer. */
export function PlanProblems({ plan: { refused, targetProblem } }: { readonly plan: PipelinePlan }) {
  const { say, language } = useLanguage();
  return (
    <>
      {targetProblem ? (
        <Alert
          type="warning"
          showIcon
          title={say(texts.target)}
          description={`${targetProblem.title[language]}: ${targetProblem.detail[language]}`}
        />
      ) : null}
      {refused.map(({ stream, problem, cursors }) => (
        <Alert
          key={stream}
          type="error"
          showIcon
          role="alert"
          title={say(texts.refused, { stream })}
          description={
            <>
              {problem.detail[language]}
              {cursors.length > 0 ? <div>{say(texts.cursors, { columns: cursors.map(({ column }) => column).join(', ') })}</div> : null}
            </>
          }
        />
      ))}
    </>
  );
}

function columnsOf(say: Say, formats: Formats): TableColumnsType<PlannedStream> {
  return [
    { key: 'stream', title: say(texts.stream), render: (_, { stream }) => <code>{stream}</code> },
    {
      key: 'to',
      title: say(texts.to),
      render: (_, { namespace, table, targetExists }) => (
        <>
          <code>{namespace === null ? table : `${namespace}.${table}`}</code>{' '}
          {targetExists === null ? null : <span className="weir-quiet">{say(targetExists ? texts.exists : texts.made)}</span>}
        </>
      ),
    },
    {
      key: 'mode',
      title: say(texts.mode),
      render: (_, { cursor }) => (cursor === null ? say(texts.full) : say(texts.incremental, { cursor })),
    },
    { key: 'write', title: say(texts.write), render: (_, { write, key }) => say(WRITES[write], { key: key.join(', ') }) },
    {
      key: 'rows',
      title: say(texts.rows),
      align: 'right',
      render: (_, { rowsEstimate }) => (rowsEstimate === null ? '—' : formats.number(rowsEstimate)),
    },
    { key: 'types', title: say(texts.types), render: (_, stream) => <FitMark fit={worstFit(stream)} /> },
  ];
}

function FitMark({ fit }: { readonly fit: Fit | null }) {
  const { say } = useLanguage();
  if (fit === null) return <span className="weir-quiet">—</span>;
  return <Mark tone={FITS[fit].tone}>{say(FITS[fit].text)}</Mark>;
}

function StreamDetail({ stream, language }: { readonly stream: PlannedStream; readonly language: Language }) {
  const { say } = useLanguage();
  return (
    <div style={{ display: 'grid', gap: 8, paddingBlock: 4 }}>
      <Notes stream={stream} language={language} />
      <Table<PlannedStream['columns'][number]>
        size="small"
        rowKey="name"
        pagination={stream.columns.length > COLUMNS_SHOWN ? { pageSize: COLUMNS_SHOWN, showSizeChanger: false } : false}
        scroll={{ x: 'max-content' }}
        dataSource={stream.columns}
        columns={[
          { key: 'name', title: say(texts.column), render: (_, { name }) => <code>{name}</code> },
          { key: 'source', title: say(texts.sourceType), render: (_, { sourceType }) => <code>{sourceType}</code> },
          {
            key: 'target',
            title: say(texts.targetType),
            render: (_, { targetType }) => (targetType === null ? '—' : <code>{targetType}</code>),
          },
          { key: 'fit', title: say(texts.fit), render: (_, { fit }) => <FitMark fit={fit} /> },
        ]}
      />
    </div>
  );
}

/** What the chosen mode cannot see or promise, in the planner's own words. */
export function Notes({ stream, language }: { readonly stream: PlannedStream; readonly language: Language }) {
  if (stream.notes.length === 0) return null;
  return (
    <ul className="weir-notes">
      {stream.notes.map(({ level, text }) => (
        <li key={text.en}>{level === 'warn' ? <Mark tone="warning">{text[language]}</Mark> : text[language]}</li>
      ))}
    </ul>
  );
}
