/** Step 2: which streams, by name or by pattern. */
import { useQuery } from '@tanstack/react-query';
import { Form, Input, Select, Table, type TableColumnsType } from 'antd';
import { useMemo, useState } from 'react';
import type { Stream } from '../../../../../generated/client.ts';
import { api } from '../../../api/client.ts';
import { type Formats, useFormats } from '../../../ui/format.tsx';
import { type Say, useSay } from '../../../ui/language.tsx';
import { ProblemView } from '../../../ui/problem-view.tsx';
import { Waiting } from '../../../ui/waiting.tsx';
import { streamsOfPatterns } from './patterns.ts';
import type { Wizard } from './use-wizard.ts';

const texts = {
  search: { en: 'Search streams', zh: '搜索流' },
  chosen: { en: '{count} of {all} chosen', zh: '已选 {count} / {all}' },
  byPattern: { en: '{count} more by pattern', zh: '另有 {count} 个由名称模式选中' },
  patterns: { en: 'Name patterns', zh: '名称模式' },
  patternsHint: { en: 'Such as public.*: also takes streams that appear later.', zh: '例如 public.*，以后新增的流也会包括在内。' },
  stream: { en: 'Stream', zh: '流' },
  columns: { en: 'Columns', zh: '列数' },
  key: { en: 'Primary key', zh: '主键' },
  noKey: { en: 'none', zh: '无' },
  rows: { en: 'Rows (about)', zh: '行数（约）' },
  none: { en: 'The login can read no stream here.', zh: '该登录用户没有可读取的流。' },
};

const HEIGHT = 360;
const STREAMS_MAX = 500;

export function StreamsStep({ wizard: { draft, change } }: { readonly wizard: Wizard }) {
  const say = useSay();
  const formats = useFormats();
  const [search, setSearch] = useState('');
  const { project, source } = draft;
  const { data, error, refetch } = useQuery({
    queryKey: ['streams', project, source],
    queryFn: async ({ signal }) => (await api.discoverStreams({ params: { project, name: source }, signal })).data.items,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const shown = useMemo(() => (data ?? []).filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase())), [data, search]);
  const columns = useMemo(() => columnsOf(say, formats), [say, formats]);
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const byPattern = streamsOfPatterns(draft.patterns, data).filter((name) => !draft.streams.includes(name));
  return (
    <>
      <div style={{ display: 'flex', gap: 16, alignItems: 'center', flexWrap: 'wrap', marginBlockEnd: 12 }} data-search>
        <Input
          allowClear
          aria-label={say(texts.search)}
          placeholder={say(texts.search)}
          value={search}
          style={{ width: 280 }}
          onChange={(event) => setSearch(event.target.value)}
        />
        <span aria-live="polite">{say(texts.chosen, { count: draft.streams.length, all: data.length })}</span>
        {byPattern.length > 0 ? <span className="weir-quiet">{say(texts.byPattern, { count: byPattern.length })}</span> : null}
      </div>
      <Table<Stream>
        virtual
        size="small"
        rowKey="name"
        columns={columns}
        dataSource={shown}
        pagination={false}
        scroll={{ x: 760, y: HEIGHT }}
        locale={{ emptyText: say(texts.none) }}
        rowSelection={{
          columnWidth: 48,
          selectedRowKeys: [...draft.streams],
          preserveSelectedRowKeys: true,
          onChange: (keys) => change({ streams: keys.map(String).slice(0, STREAMS_MAX) }),
          getCheckboxProps: ({ name }) => ({ 'aria-label': name }) as never,
        }}
      />
      <Form layout="vertical" style={{ maxWidth: 560, marginBlockStart: 16 }}>
        <Form.Item label={say(texts.patterns)} htmlFor="wizard-patterns" extra={say(texts.patternsHint)}>
          <Select
            id="wizard-patterns"
            mode="tags"
            open={false}
            suffixIcon={null}
            tokenSeparators={[',', ' ', '，']}
            maxCount={50}
            value={[...draft.patterns]}
            onChange={(patterns: string[]) => change({ patterns })}
          />
        </Form.Item>
      </Form>
    </>
  );
}

function columnsOf(say: Say, formats: Formats): TableColumnsType<Stream> {
  return [
    { key: 'name', title: say(texts.stream), width: 320, ellipsis: true, render: (_, { name }) => <code>{name}</code> },
    { key: 'columns', title: say(texts.columns), width: 90, align: 'right', render: (_, { columns }) => columns.length },
    {
      key: 'key',
      title: say(texts.key),
      width: 200,
      ellipsis: true,
      render: (_, { primaryKey }) =>
        primaryKey.length > 0 ? primaryKey.join(', ') : <span className="weir-quiet">{say(texts.noKey)}</span>,
    },
    {
      key: 'rows',
      title: say(texts.rows),
      width: 120,
      align: 'right',
      render: (_, { rowsEstimate }) => (rowsEstimate === null ? '—' : formats.number(rowsEstimate)),
    },
  ];
}
