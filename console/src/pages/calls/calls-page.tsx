/** Calls: search by any field, or watch them come. */
import { Empty, Segmented } from 'antd';
import { api } from '../../api/client.ts';
import { useSay } from '../../ui/language.tsx';
import { ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { callColumns, callFields } from './columns.tsx';
import { LiveCalls } from './live-calls.tsx';

const texts = {
  title: { en: 'Calls', zh: '调用记录' },
  about: { en: 'Every request the gateway took, newest first.', zh: '网关受理的每个请求，最新在前。' },
  search: { en: 'Search', zh: '搜索' },
  live: { en: 'Live', zh: '实时' },
  mode: { en: 'Search or live', zh: '搜索或实时' },
  empty: {
    en: 'No call yet. Call a route of the gateway and it stands here within a second.',
    zh: '还没有调用。调用网关的任一路由，一秒内即显示在此。',
  },
};

export default function CallsPage() {
  const say = useSay();
  const { project } = useProject();
  const [url, change] = useUrlState();
  const live = url['live'] === 'yes';
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <Segmented
          aria-label={say(texts.mode)}
          value={live ? 'live' : 'search'}
          options={[
            { value: 'search', label: say(texts.search) },
            { value: 'live', label: say(texts.live) },
          ]}
          onChange={(mode) => change({ live: mode === 'live' ? 'yes' : undefined, after: undefined })}
        />
      </PageHead>
      {live ? (
        <LiveCalls />
      ) : (
        <ListView
          id="calls"
          label={say(texts.title)}
          columns={callColumns}
          fields={callFields}
          fixed={{ project }}
          csv="/api/v1/calls"
          rowKey={({ id }) => id}
          load={async (query) => (await api.searchCalls({ query: query as never })).data}
          empty={<Empty description={say(texts.empty)} image={Empty.PRESENTED_IMAGE_SIMPLE} />}
        />
      )}
    </>
  );
}
