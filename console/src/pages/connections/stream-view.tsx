/** One stream: its columns with types and keys, and its first rows. */
import { useQuery } from '@tanstack/react-query';
import { Card, Table, type TableColumnsType, Tag } from 'antd';
import { useMemo } from 'react';
import type { Column, Preview, Stream } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { type Say, useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = {
  columns: { en: 'Columns', zh: '列' },
  rows: { en: 'First {count} rows', zh: '前 {count} 行' },
  column: { en: 'Column', zh: '列' },
  type: { en: 'Type there', zh: '源类型' },
  own: { en: 'Type in Weir', zh: 'Weir 类型' },
  nullable: { en: 'May be null', zh: '可为空' },
  yes: { en: 'yes', zh: '是' },
  no: { en: 'no', zh: '否' },
  key: { en: 'key', zh: '主键' },
  none: { en: 'No row.', zh: '没有行。' },
  null: { en: 'null', zh: '空值 null' },
  empty: { en: 'empty text', zh: '空文本' },
};

const ROWS = 20;
const COLUMNS_SHOWN = 12;
const CELL_WIDTH = 170;
const HEIGHT = 420;

export function StreamView({ project, name, stream }: { readonly project: string; readonly name: string; readonly stream: Stream }) {
  const say = useSay();
  const { data, error, refetch } = useQuery({
    queryKey: ['preview', project, name, stream.name],
    queryFn: async ({ signal }) =>
      (await api.previewStream({ params: { project, name }, query: { stream: stream.name, rows: ROWS }, signal })).data,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 16 }}>
      <Card size="small" title={<code>{stream.name}</code>} styles={{ body: { padding: 0 } }}>
        <Table<Column>
          size="small"
          rowKey="name"
          pagination={stream.columns.length > COLUMNS_SHOWN ? { pageSize: COLUMNS_SHOWN, showSizeChanger: false } : false}
          columns={describing(stream, say)}
          dataSource={stream.columns}
          scroll={{ x: 'max-content' }}
        />
      </Card>
      <Card size="small" title={say(texts.rows, { count: ROWS })} styles={{ body: { padding: data ? 0 : 16 } }}>
        {error ? <ProblemView error={error} retry={() => void refetch()} /> : null}
        {data ? <Rows preview={data} /> : error ? null : <Waiting />}
      </Card>
    </div>
  );
}

function describing({ primaryKey }: Stream, say: Say): TableColumnsType<Column> {
  return [
    {
      key: 'name',
      title: say(texts.column),
      render: (_, { name }) => (
        <>
          <code>{name}</code> {primaryKey.includes(name) ? <Tag>{say(texts.key)}</Tag> : null}
        </>
      ),
    },
    { key: 'there', title: say(texts.type), render: (_, { sourceType }) => <code>{sourceType}</code> },
    { key: 'own', title: say(texts.own), render: (_, { type }) => <code>{type}</code> },
    { key: 'nullable', title: say(texts.nullable), render: (_, { nullable }) => say(nullable ? texts.yes : texts.no) },
  ];
}

interface Row {
  readonly key: number;
  readonly cells: Preview['rows'][number];
}

function Rows({ preview }: { readonly preview: Preview }) {
  const say = useSay();
  const rows = useMemo<Row[]>(() => preview.rows.map((cells, key) => ({ key, cells })), [preview]);
  const columns: TableColumnsType<Row> = preview.columns.map((column, index) => ({
    key: column.name,
    title: column.name,
    width: CELL_WIDTH,
    ellipsis: true,
    render: (_: unknown, { cells }: Row) => <Cell value={cells[index] ?? null} />,
  }));
  return (
    <Table<Row>
      virtual
      size="small"
      columns={columns}
      dataSource={rows}
      pagination={false}
      scroll={{ x: Math.max(1, columns.length) * CELL_WIDTH, y: HEIGHT }}
      locale={{ emptyText: say(texts.none) }}
    />
  );
}

/** A value as the database writes it; null and empty text are told apart by words, not by looks alone. */
function Cell({ value }: { readonly value: string | null }) {
  const say = useSay();
  if (value === null) return <span className="weir-null">{say(texts.null)}</span>;
  if (value === '') return <span className="weir-null">“” {say(texts.empty)}</span>;
  return (
    <span title={value} translate="no">
      {value}
    </span>
  );
}
