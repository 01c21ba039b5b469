/** Versions of a resource, newest first: who, when, how two of them differ, and a way back with a look before. */
import { useQuery } from '@tanstack/react-query';
import { Button, Radio, Space, Table, type TableColumnsType, Tag } from 'antd';
import { useState } from 'react';
import type { ResourceVersion } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import type { ResourcePlace } from '../../documents/kinds.ts';
import { DiffView } from '../../editor/diff-view.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { type Say, useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { RollbackWindow } from './rollback-window.tsx';

const texts = {
  version: { en: 'Version', zh: '版本' },
  change: { en: 'Change', zh: '变更' },
  created: { en: 'created', zh: '新建' },
  updated: { en: 'updated', zh: '修改' },
  deleted: { en: 'deleted', zh: '删除' },
  'rolled-back': { en: 'rolled back', zh: '回退' },
  at: { en: 'When', zh: '时间' },
  by: { en: 'By', zh: '操作者' },
  from: { en: 'From', zh: '旧' },
  to: { en: 'To', zh: '新' },
  compareFrom: { en: 'Compare from version {version}', zh: '以版本 {version} 为旧版本' },
  compareTo: { en: 'Compare to version {version}', zh: '以版本 {version} 为新版本' },
  diff: { en: 'From version {from} to {to}', zh: '从版本 {from} 到 {to}' },
  back: { en: 'Roll back to this', zh: '回退到此版本' },
  current: { en: 'current', zh: '当前' },
  more: { en: 'Show older versions', zh: '显示更早的版本' },
};

const VERSIONS = 50;
const VERSIONS_MAX = 200;

interface Props {
  readonly place: ResourcePlace;
  /** The current one; undefined when the resource is deleted. */
  readonly version: number | undefined;
  readonly editable: boolean;
}

export function History({ place, version, editable }: Props) {
  const say = useSay();
  const { project, kind, name } = place;
  const [url, setUrl] = useUrlState();
  const [limit, setLimit] = useState(VERSIONS);
  const [chosen, setChosen] = useState<ResourceVersion>();
  const { data, error, refetch } = useQuery({
    queryKey: ['versions', project, kind, name, version, limit],
    queryFn: async () => (await api.listResourceVersions({ params: { project, kind, name }, query: { limit } })).data.items,
  });
  // What never was has nothing to go back to, and the page says that it is not there.
  if (version === undefined && (error || data?.length === 0)) return null;
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const newest = data[0]?.version ?? 0;
  const to = Number(url['to'] ?? newest);
  const from = Number(url['from'] ?? data.find((one) => one.version < to)?.version ?? to);
  const textOf = (wanted: number) => data.find((one) => one.version === wanted)?.text ?? '';
  const columns = columnsOf({ say, from, to, version, editable, choose: setChosen, compare: setUrl });
  return (
    <div style={{ display: 'grid', gap: 16 }}>
      <Table<ResourceVersion>
        size="small"
        rowKey="version"
        columns={columns}
        dataSource={data}
        pagination={false}
        scroll={{ x: 'max-content' }}
      />
      {data.length === limit && limit < VERSIONS_MAX ? (
        <div>
          <Button onClick={() => setLimit(VERSIONS_MAX)}>{say(texts.more)}</Button>
        </div>
      ) : null}
      {from === to ? null : (
        <section aria-label={say(texts.diff, { from, to })}>
          <h2 style={{ fontSize: 15 }}>{say(texts.diff, { from, to })}</h2>
          <DiffView before={textOf(from)} after={textOf(to)} label={say(texts.diff, { from, to })} />
        </section>
      )}
      {chosen ? (
        <RollbackWindow place={place} target={chosen} current={version} now={textOf(newest)} onClose={() => setChosen(undefined)} />
      ) : null}
    </div>
  );
}

interface Choice {
  readonly say: Say;
  readonly from: number;
  readonly to: number;
  readonly version: number | undefined;
  readonly editable: boolean;
  readonly choose: (version: ResourceVersion) => void;
  readonly compare: (changes: Readonly<Record<string, string>>) => void;
}

function columnsOf({ say, from, to, version, editable, choose, compare }: Choice): TableColumnsType<ResourceVersion> {
  const radio = (side: 'from' | 'to', at: number, one: ResourceVersion) => (
    <Radio
      name={side}
      checked={at === one.version}
      aria-label={say(side === 'from' ? texts.compareFrom : texts.compareTo, { version: one.version })}
      onChange={() => compare({ [side]: String(one.version) })}
    />
  );
  return [
    {
      key: 'version',
      title: say(texts.version),
      render: (_, one) => (
        <Space>
          {one.version}
          {one.version === version ? <Tag>{say(texts.current)}</Tag> : null}
        </Space>
      ),
    },
    { key: 'change', title: say(texts.change), render: (_, one) => say(texts[one.change]) },
    { key: 'at', title: say(texts.at), render: (_, one) => <TimeAgo at={one.at} /> },
    { key: 'by', title: say(texts.by), render: (_, one) => one.by },
    { key: 'from', title: say(texts.from), render: (_, one) => radio('from', from, one) },
    { key: 'to', title: say(texts.to), render: (_, one) => radio('to', to, one) },
    {
      key: 'back',
      title: '',
      render: (_, one) =>
        editable && one.version !== version && one.change !== 'deleted' ? (
          <Button size="small" onClick={() => choose(one)}>
            {say(texts.back)}
          </Button>
        ) : null,
    },
  ];
}
