/** Tables and columns of a connection; choosing one puts its name, quoted as SQL needs it, where the caret is. */
import { useQuery } from '@tanstack/react-query';
import { Empty, Input, Tree, type TreeDataNode } from 'antd';
import { useMemo, useState } from 'react';
import type { Streams } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { quotedName } from './sql-names.ts';

const texts = {
  title: { en: 'Tables', zh: '数据表' },
  search: { en: 'Table or column', zh: '表或列' },
  hint: { en: 'Click or Enter inserts the name.', zh: '点击或按回车插入名称。' },
  none: { en: 'Choose a connection to see its tables.', zh: '选择连接后显示其中的表。' },
  noMatch: { en: 'No table or column is called so.', zh: '没有匹配的表或列。' },
  key: { en: 'key', zh: '主键' },
};

type Stream = Streams['items'][number];

/** Streams of a connection, kept for a minute. */
export function useStreams(project: string, connection: string | undefined) {
  return useQuery({
    queryKey: ['streams', project, connection],
    enabled: Boolean(connection),
    staleTime: 60_000,
    retry: false,
    queryFn: async () => (await api.discoverStreams({ params: { project, name: connection! } })).data.items,
  });
}

/** How a table is written in SQL. */
export function tableName({ namespace, table }: Pick<Stream, 'namespace' | 'table'>): string {
  const plain = namespace === null || namespace === 'public' || namespace === 'main';
  return plain ? quotedName(table) : `${quotedName(namespace)}.${quotedName(table)}`;
}

interface Props {
  readonly streams: ReturnType<typeof useStreams>;
  readonly connection: string | undefined;
  readonly onInsert: (text: string) => void;
}

/** Draws the tree. */
export function SchemaTree({ streams, connection, onInsert }: Props) {
  const say = useSay();
  const [wanted, setWanted] = useState('');
  const { nodes, names } = useMemo(
    () => nodesOf(streams.data ?? [], wanted.trim().toLowerCase(), say(texts.key)),
    [streams.data, wanted, say],
  );
  if (!connection) return <Empty description={say(texts.none)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  if (streams.error) return <ProblemView error={streams.error} retry={() => void streams.refetch()} />;
  if (!streams.data) return <Waiting />;
  return (
    <div>
      <Input
        allowClear
        size="small"
        aria-label={say(texts.search)}
        placeholder={say(texts.search)}
        onChange={(event) => setWanted(event.target.value)}
      />
      <div className="weir-quiet" style={{ fontSize: 12, marginBlock: 6 }}>
        {say(texts.hint)}
      </div>
      {nodes.length === 0 ? (
        <Empty description={say(texts.noMatch)} image={Empty.PRESENTED_IMAGE_SIMPLE} />
      ) : (
        <Tree
          blockNode
          className="weir-tree"
          aria-label={say(texts.title)}
          virtual={false}
          treeData={nodes}
          selectedKeys={[]}
          {...(wanted.trim() === '' ? {} : { defaultExpandAll: true })}
          key={wanted.trim() === '' ? 'all' : wanted}
          onSelect={(_keys, { node }) => onInsert(names.get(String(node.key))!)}
        />
      )}
    </div>
  );
}

const TABLES_MAX = 500;

function nodesOf(streams: readonly Stream[], wanted: string, keyWord: string): { nodes: TreeDataNode[]; names: Map<string, string> } {
  const names = new Map<string, string>();
  const nodes: TreeDataNode[] = [];
  for (const stream of streams) {
    const own = stream.name.toLowerCase().includes(wanted);
    const columns = stream.columns.filter((column) => own || column.name.toLowerCase().includes(wanted));
    if (!own && columns.length === 0) continue;
    if (nodes.length >= TABLES_MAX) break;
    const key = `t ${stream.name}`;
    names.set(key, tableName(stream));
    const children = columns.map((column) => {
      const columnKey = `c ${stream.name} ${column.name}`;
      names.set(columnKey, quotedName(column.name));
      const isKey = stream.primaryKey.includes(column.name);
      return {
        key: columnKey,
        title: <ColumnTitle name={column.name} type={column.sourceType} note={isKey ? keyWord : ''} />,
        isLeaf: true,
      };
    });
    nodes.push({ key, title: <span title={stream.name}>{stream.name}</span>, children });
  }
  return { nodes, names };
}

function ColumnTitle({ name, type, note }: { readonly name: string; readonly type: string; readonly note: string }) {
  return (
    <span>
      {name} <span className="weir-quiet">{[type.toLowerCase(), note].filter(Boolean).join(' · ')}</span>
    </span>
  );
}
