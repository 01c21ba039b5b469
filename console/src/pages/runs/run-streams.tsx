/** The streams of a run, each with its own state and result. */
import { Card, Table, type TableColumnsType } from 'antd';
import type { RunStream } from '../../../../generated/client.ts';
import { ResultMark, StreamStateMark } from '../../data/run-marks.tsx';
import { type Formats, useFormats } from '../../ui/format.tsx';
import { type Say, useSay } from '../../ui/language.tsx';

const texts = {
  title: { en: 'Streams', zh: '流' },
  stream: { en: 'Stream', zh: '流' },
  now: { en: 'Now', zh: '当前状态' },
  result: { en: 'Result', zh: '结果' },
  read: { en: 'Read', zh: '已读' },
  written: { en: 'Written', zh: '已写' },
  bytes: { en: 'Carried', zh: '传输量' },
  rate: { en: 'Rate', zh: '速率' },
  rateValue: { en: '{rows}/s', zh: '{rows} 行/秒' },
  rest: { en: 'Still', zh: '剩余' },
  about: { en: 'about {time}', zh: '约 {time}' },
  none: { en: 'The streams appear when the run starts.', zh: '运行开始后显示各流。' },
  nulls: { en: '{count} rows have no cursor value and are never read.', zh: '有 {count} 行游标为空，不会被读取。' },
};

const PAGE_ROWS = 50;

export function RunStreams({ streams }: { readonly streams: readonly RunStream[] }) {
  const say = useSay();
  const formats = useFormats();
  return (
    <Card size="small" title={say(texts.title)} styles={{ body: { padding: 0 } }}>
      <Table<RunStream>
        size="small"
        rowKey="stream"
        columns={columnsOf(say, formats)}
        dataSource={[...streams]}
        pagination={streams.length > PAGE_ROWS ? { pageSize: PAGE_ROWS, showSizeChanger: false } : false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: say(texts.none) }}
        expandable={{
          rowExpandable: ({ problem, nullCursors }) => problem !== null || nullCursors > 0,
          defaultExpandedRowKeys: streams.filter(({ problem }) => problem !== null).map(({ stream }) => stream),
          expandedRowRender: (stream) => <Remarks stream={stream} />,
        }}
      />
    </Card>
  );
}

function columnsOf(say: Say, formats: Formats): TableColumnsType<RunStream> {
  return [
    { key: 'stream', title: say(texts.stream), render: (_, { stream }) => <code>{stream}</code> },
    { key: 'state', title: say(texts.now), render: (_, { state }) => <StreamStateMark state={state} /> },
    { key: 'result', title: say(texts.result), render: (_, { result }) => <ResultMark result={result} /> },
    { key: 'read', title: say(texts.read), align: 'right', render: (_, s) => readOf(s, formats) },
    { key: 'written', title: say(texts.written), align: 'right', render: (_, s) => formats.number(s.rowsWritten) },
    { key: 'bytes', title: say(texts.bytes), align: 'right', render: (_, s) => formats.bytes(s.bytes) },
    {
      key: 'rate',
      title: say(texts.rate),
      align: 'right',
      render: (_, { rowsPerSecond }) =>
        rowsPerSecond === undefined ? '—' : say(texts.rateValue, { rows: formats.number(Math.round(rowsPerSecond)) }),
    },
    {
      key: 'rest',
      title: say(texts.rest),
      align: 'right',
      render: (_, { remainingMs }) => (remainingMs === undefined ? '—' : say(texts.about, { time: formats.duration(remainingMs) })),
    },
  ];
}

function readOf({ rowsRead, rowsExpected, state }: RunStream, formats: Formats): string {
  const read = formats.number(rowsRead);
  return rowsExpected === null || state === 'done' ? read : `${read} / ~${formats.number(rowsExpected)}`;
}

function Remarks({ stream: { problem, nullCursors } }: { readonly stream: RunStream }) {
  const say = useSay();
  return (
    <div style={{ maxWidth: 900, overflowWrap: 'anywhere' }}>
      {problem ? (
        <div>
          {problem.detail} <a href={`/problems/${problem.code}`}>{problem.code}</a>
        </div>
      ) : null}
      {nullCursors > 0 ? <div>{say(texts.nulls, { count: nullCursors })}</div> : null}
    </div>
  );
}
