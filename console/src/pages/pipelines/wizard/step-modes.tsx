/** Step 4: how each stream is read and written, with what that choice cannot see, in the planner's words. */
import { Button, Segmented, Space, Table, type TableColumnsType } from 'antd';
import type { PipelinePlan } from '../../../../../generated/client.ts';
import { type Text, useLanguage } from '../../../ui/language.tsx';
import { ProblemView } from '../../../ui/problem-view.tsx';
import { Waiting } from '../../../ui/waiting.tsx';
import { Notes, PlanProblems } from '../plan-view.tsx';
import { CursorChoice, KeyChoice, ModeChoice, WriteChoice } from './mode-choices.tsx';
import { allFull, allIncremental, rowsOf, type StreamRow } from './mode-rows.ts';
import type { Write } from './draft.ts';
import { usePlan } from './use-plan.ts';
import type { Wizard } from './use-wizard.ts';

const texts = {
  write: { en: 'How rows are written', zh: '写入方式' },
  stream: { en: 'Stream', zh: '流' },
  mode: { en: 'Mode', zh: '模式' },
  cursor: { en: 'Cursor', zh: '游标' },
  ownWrite: { en: 'Write', zh: '写入' },
  key: { en: 'Key', zh: '键' },
  allIncremental: { en: 'Incremental where a cursor is likely', zh: '有推荐游标的全部改为增量' },
  allFull: { en: 'All full', zh: '全部全量' },
  later: { en: 'Streams that a pattern takes later are read in full.', zh: '以后由名称模式匹配到的流按全量读取。' },
  cannot: { en: 'What this cannot see', zh: '此选择看不到的内容' },
};

export const WRITES: Readonly<Record<Write, { readonly title: Text; readonly about: Text }>> = {
  upsert: {
    title: { en: 'Upsert', zh: '更新插入' },
    about: { en: 'By key: new rows are added, known ones changed. Needs a key.', zh: '按键写入：新行插入，已有行更新。需要键。' },
  },
  append: {
    title: { en: 'Append', zh: '追加' },
    about: { en: 'Every row read is added; nothing is changed.', zh: '读到的每一行都追加，不修改已有行。' },
  },
  replace: {
    title: { en: 'Replace', zh: '整体替换' },
    about: {
      en: 'The whole contents are swapped in one transaction, deletes included. Full reads only.',
      zh: '在一个事务内整体替换，包含删除；仅限全量。',
    },
  },
};

export function ModesStep({ wizard }: { readonly wizard: Wizard }) {
  const { say } = useLanguage();
  const { draft, change } = wizard;
  const { data, error, refetch } = usePlan(draft);
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 16 }}>
      <div>
        <div style={{ marginBlockEnd: 6 }}>{say(texts.write)}</div>
        <Segmented<Write>
          aria-label={say(texts.write)}
          value={draft.write}
          options={(Object.keys(WRITES) as Write[]).map((value) => ({ value, label: say(WRITES[value].title) }))}
          onChange={(write) => change({ write })}
        />
        <div className="weir-quiet" style={{ marginBlockStart: 6 }}>
          {say(WRITES[draft.write].about)}
        </div>
      </div>
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : null}
      {data ? <Streams plan={data} wizard={wizard} /> : error ? null : <Waiting />}
    </div>
  );
}

function Streams({ plan, wizard }: { readonly plan: PipelinePlan; readonly wizard: Wizard }) {
  const { say, language } = useLanguage();
  const { draft, change } = wizard;
  const columns: TableColumnsType<StreamRow> = [
    { key: 'stream', title: say(texts.stream), render: (_, { stream }) => <code>{stream}</code> },
    { key: 'mode', title: say(texts.mode), render: (_, row) => <ModeChoice row={row} wizard={wizard} /> },
    { key: 'cursor', title: say(texts.cursor), render: (_, row) => <CursorChoice row={row} wizard={wizard} /> },
    { key: 'write', title: say(texts.ownWrite), render: (_, row) => <WriteChoice row={row} wizard={wizard} /> },
    { key: 'key', title: say(texts.key), render: (_, row) => <KeyChoice row={row} wizard={wizard} /> },
  ];
  const rows = rowsOf(plan);
  return (
    <>
      <Space wrap>
        <Button size="small" onClick={() => change({ choices: allIncremental(draft.choices, rows) })}>
          {say(texts.allIncremental)}
        </Button>
        <Button size="small" onClick={() => change({ choices: allFull(draft.choices) })}>
          {say(texts.allFull)}
        </Button>
        {draft.patterns.length > 0 ? <span className="weir-quiet">{say(texts.later)}</span> : null}
      </Space>
      <PlanProblems plan={plan} />
      <Table<StreamRow>
        size="small"
        rowKey="stream"
        columns={columns}
        dataSource={[...rows]}
        pagination={rows.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
        scroll={{ x: 'max-content' }}
        expandable={{
          showExpandColumn: false,
          expandedRowKeys: rows.filter(({ planned }) => planned && planned.notes.length > 0).map(({ stream }) => stream),
          expandedRowRender: ({ planned }) =>
            planned ? (
              <>
                <strong>{say(texts.cannot)}</strong>
                <Notes stream={planned} language={language} />
              </>
            ) : null,
        }}
      />
    </>
  );
}
