/** What a trial found: rows as table and JSON, the SQL that ran with its values, the plan, the times, and what is wrong. */
import { Alert, Empty, Table, Tabs, Tag } from 'antd';
import { useMemo } from 'react';
import type { DataApiDraft } from '../../../../generated/client.ts';
import { type Cell, jsonRows, prettyJson } from '../../data/exact-json.ts';
import { CodeEditor } from '../../editor/code-editor.tsx';
import { useFormats } from '../../ui/format.tsx';
import { keyWords } from '../../ui/key-words.ts';
import { type Text, useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Mark } from '../../ui/status.tsx';
import type { MistakePlace } from './mistake-place.ts';
import { Where } from './where.tsx';

const texts = {
  rows: { en: 'Rows', zh: '结果' },
  json: { en: 'JSON', zh: 'JSON' },
  sql: { en: 'Bound SQL', zh: '绑定后的 SQL' },
  plan: { en: 'Plan', zh: '执行计划' },
  problems: { en: 'Problems', zh: '问题' },
  hint: { en: '{keys} runs the query, read-only, at most 50 rows.', zh: '按 {keys} 只读运行查询，最多 50 行。' },
  noPlan: { en: 'No plan: the query did not get that far.', zh: '没有执行计划：查询未执行到这一步。' },
  noRows: { en: 'No rows match.', zh: '没有匹配的行。' },
  noResult: { en: 'It did not run; see Problems.', zh: '未运行，请查看“问题”。' },
  none: { en: 'No problems.', zh: '没有问题。' },
  line: { en: 'line {line}', zh: '第 {line} 行' },
  first: { en: 'The first {count} rows', zh: '前 {count} 行' },
  all: { en: '{count} rows', zh: '{count} 行' },
  ran: { en: 'query {run}', zh: '查询 {run}' },
  planned: { en: 'plan {plan}', zh: '计划 {plan}' },
  shapes: { en: '{count} SQL shapes', zh: '{count} 种 SQL 形态' },
  branch: { en: '<if> taken: {list}', zh: '命中的 <if>：{list}' },
  bind: { en: 'Value', zh: '值' },
  name: { en: 'Parameter', zh: '参数' },
  type: { en: 'Type', zh: '类型' },
  stale: { en: 'of an earlier text', zh: '来自较早的文本' },
  warning: { en: 'Warning', zh: '警告' },
};

interface Props {
  readonly trial: DataApiDraft | undefined;
  readonly error: unknown;
  /** True when the document has changed since. */
  readonly stale: boolean;
  readonly tab: string | undefined;
  readonly onTab: (tab: string) => void;
  /** Takes the keys to where a mistake is mended. */
  readonly onGo: (place: MistakePlace) => void;
}

/** Draws the lower part of the builder. */
export function Results({ trial, error, stale, tab, onTab, onGo }: Props) {
  const say = useSay();
  if (error) return <ProblemView error={error} />;
  if (!trial) return <Empty description={say(texts.hint, { keys: keyWords('mod Enter') })} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  const count = trial.mistakes.length + trial.warnings.length;
  const label = (text: Text) => say(text);
  const items = [
    { key: 'rows', label: label(texts.rows), children: <Rows trial={trial} /> },
    { key: 'json', label: label(texts.json), children: <Json trial={trial} /> },
    { key: 'sql', label: label(texts.sql), children: <BoundSql trial={trial} /> },
    { key: 'plan', label: label(texts.plan), children: <Plan trial={trial} /> },
    {
      key: 'problems',
      label: `${label(texts.problems)}${count > 0 ? ` (${count})` : ''}`,
      children: <Problems trial={trial} onGo={onGo} />,
    },
  ];
  return (
    <>
      <Facts trial={trial} stale={stale} />
      <Tabs size="small" activeKey={tab ?? (trial.mistakes.length > 0 ? 'problems' : 'rows')} onChange={onTab} items={items} />
    </>
  );
}

function Facts({ trial, stale }: { readonly trial: DataApiDraft; readonly stale: boolean }) {
  const say = useSay();
  const formats = useFormats();
  const { runMs, planMs } = trial.timings;
  const facts = [
    ...(trial.result ? [say(trial.result.more ? texts.first : texts.all, { count: trial.result.rows })] : []),
    ...(runMs === null ? [] : [say(texts.ran, { run: formats.duration(runMs) })]),
    ...(planMs === null ? [] : [say(texts.planned, { plan: formats.duration(planMs) })]),
    say(texts.shapes, { count: trial.shapes }),
  ];
  return (
    <div className="weir-quiet" role="status" style={{ fontSize: 12 }}>
      {facts.join(' · ')} {stale ? <Tag>{say(texts.stale)}</Tag> : null}
    </div>
  );
}

function Rows({ trial }: { readonly trial: DataApiDraft }) {
  const say = useSay();
  const rows = useMemo(() => (trial.result ? jsonRows(trial.result.json).map((row, at) => ({ at, row })) : []), [trial.result]);
  if (!trial.result) return <Empty description={say(texts.noResult)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <div tabIndex={0} role="region" aria-label={say(texts.rows)} style={{ maxHeight: 400, overflow: 'auto' }}>
      <Table
        size="small"
        rowKey={({ at }) => at}
        dataSource={rows}
        pagination={false}
        locale={{ emptyText: say(texts.noRows) }}
        columns={trial.columns.map(({ name, type }) => ({
          key: name,
          title: (
            <span>
              {name} <code className="weir-quiet">{type}</code>
            </span>
          ),
          render: (_: unknown, { row }: { row: Readonly<Record<string, Cell>> }) => <Value value={row[name]} />,
        }))}
      />
    </div>
  );
}

function Value({ value }: { readonly value: Cell | undefined }) {
  if (value === null || value === undefined) return <span className="weir-quiet">null</span>;
  return (
    <span translate="no" style={{ whiteSpace: 'pre' }}>
      {typeof value === 'object' ? JSON.stringify(value) : String(value)}
    </span>
  );
}

function Json({ trial }: { readonly trial: DataApiDraft }) {
  const say = useSay();
  if (!trial.result) return <Empty description={say(texts.noResult)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  return <CodeEditor readOnly language="json" label={say(texts.json)} value={prettyJson(trial.result.json)} maxHeight={360} />;
}

function BoundSql({ trial }: { readonly trial: DataApiDraft }) {
  const say = useSay();
  const { shape } = trial;
  if (!shape) return <Empty description={say(texts.noResult)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  return (
    <div style={{ display: 'grid', gap: 8 }}>
      {shape.branches.length > 0 ? <div className="weir-quiet">{say(texts.branch, { list: shape.branches.join(', ') })}</div> : null}
      <CodeEditor readOnly language="sql" label={say(texts.sql)} value={shape.sql.trim()} maxHeight={260} />
      {shape.binds.length > 0 ? (
        <Table
          size="small"
          pagination={false}
          rowKey={({ at }) => at}
          dataSource={shape.binds.map((bind, at) => ({ ...bind, at }))}
          columns={[
            { key: 'at', title: '#', render: (_, { at }) => `$${at + 1}` },
            { key: 'name', title: say(texts.name), dataIndex: 'name' },
            { key: 'value', title: say(texts.bind), render: (_, { value }) => <Value value={value} /> },
            { key: 'type', title: say(texts.type), dataIndex: 'type' },
          ]}
        />
      ) : null}
    </div>
  );
}

function Plan({ trial }: { readonly trial: DataApiDraft }) {
  const say = useSay();
  if (!trial.plan) return <Empty description={say(texts.noPlan)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  return <CodeEditor readOnly language="text" label={say(texts.plan)} value={trial.plan.lines.join('\n')} maxHeight={360} />;
}

function Problems({ trial, onGo }: { readonly trial: DataApiDraft; readonly onGo: Props['onGo'] }) {
  const say = useSay();
  if (trial.mistakes.length + trial.warnings.length === 0) return <Mark tone="good">{say(texts.none)}</Mark>;
  return (
    <div style={{ display: 'grid', gap: 8 }}>
      {trial.mistakes.map(({ pointer, detail, line }) => (
        <Alert
          key={`${pointer}${detail}`}
          type="error"
          showIcon
          title={
            <span>
              <Where pointer={pointer} onGo={onGo} /> {line === null ? null : <b>{say(texts.line, { line })}</b>} {detail}
            </span>
          }
        />
      ))}
      {trial.warnings.map((warning) => (
        <Alert key={warning} type="warning" showIcon title={warning} />
      ))}
    </div>
  );
}
