/** What a connection can read: streams to search, their columns, and the first rows. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Card, Empty, Input } from 'antd';
import { useMemo, useState } from 'react';
import type { Stream } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { useFormats } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import { searchStreams, SHOWN_MAX } from './search-streams.ts';
import { StreamView } from './stream-view.tsx';

const texts = {
  search: { en: 'Search streams and columns', zh: '搜索流和列' },
  streams: { en: 'Streams', zh: '流' },
  some: { en: 'The first {shown} of {count}: search to narrow them.', zh: '显示 {count} 个中的前 {shown} 个，请搜索以缩小范围。' },
  none: { en: 'The login can read no stream here.', zh: '该登录用户没有可读取的流。' },
  noneFound: { en: 'No stream or column is called so.', zh: '没有这样的流或列。' },
  lacking: {
    en: 'Looking into the data needs the permission connections:use. Ask an administrator.',
    zh: '查看数据需要 connections:use 权限，请联系管理员。',
  },
  choose: { en: 'Choose a stream to see its columns and first rows.', zh: '选择一个流以查看其列和前几行。' },
};

export function StreamBrowser({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  const [url] = useUrlState();
  const mayUse = useSession().may('connections:use');
  const { data, error, refetch } = useQuery({
    enabled: mayUse,
    queryKey: ['streams', project, name],
    queryFn: async ({ signal }) => (await api.discoverStreams({ params: { project, name }, signal })).data.items,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
  if (!mayUse) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.lacking)} />;
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  if (data.length === 0) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.none)} />;
  const chosen = data.find((stream) => stream.name === url['stream']);
  return (
    <div className="weir-browser">
      <StreamList streams={data} chosen={chosen?.name} />
      {chosen ? (
        <StreamView key={chosen.name} project={project} name={name} stream={chosen} />
      ) : (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.choose)} />
      )}
    </div>
  );
}

function StreamList({ streams, chosen }: { readonly streams: readonly Stream[]; readonly chosen: string | undefined }) {
  const say = useSay();
  const formats = useFormats();
  const [search, setSearch] = useState('');
  const found = useMemo(() => searchStreams(streams, search), [streams, search]);
  return (
    <Card size="small" title={say(texts.streams)} extra={<span className="weir-quiet">{formats.number(found.length)}</span>}>
      <div data-search>
        <Input
          allowClear
          aria-label={say(texts.search)}
          placeholder={say(texts.search)}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <ul className="weir-browser-list" aria-label={say(texts.streams)} style={{ marginBlockStart: 8 }}>
        {found.slice(0, SHOWN_MAX).map(({ name, rowsEstimate }) => (
          <li key={name}>
            <Link
              to="."
              search={((before: Record<string, unknown>) => ({ ...before, stream: name })) as never}
              aria-current={name === chosen ? 'true' : undefined}
            >
              {name} {rowsEstimate === null ? null : <span className="weir-quiet">~{formats.number(rowsEstimate)}</span>}
            </Link>
          </li>
        ))}
      </ul>
      {found.length === 0 ? <span className="weir-quiet">{say(texts.noneFound)}</span> : null}
      {found.length > SHOWN_MAX ? <span className="weir-quiet">{say(texts.some, { shown: SHOWN_MAX, count: found.length })}</span> : null}
    </Card>
  );
}
