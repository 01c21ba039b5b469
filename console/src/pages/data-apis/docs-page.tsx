/** Documentation of everything published, from the OpenAPI document that callers can have too. */
import { DownloadOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Empty } from 'antd';
import { lazy, Suspense } from 'react';
import { api } from '../../api/client.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useProject } from '../../ui/project.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const Swagger = lazy(() => import('./swagger.tsx'));

const texts = {
  title: { en: 'API documentation', zh: 'API 文档' },
  about: {
    en: 'Every published data API. To call one, open it and choose “Try it”: that goes through the gateway as a consumer of yours.',
    zh: '全部已发布的数据 API。要调用某个 API，请打开它并选择“试一试”：调用将以消费者身份经过网关。',
  },
  download: { en: 'OpenAPI document', zh: 'OpenAPI 文档' },
  empty: { en: 'No data API is published yet.', zh: '尚未发布数据 API。' },
  create: { en: 'New data API', zh: '新建数据 API' },
};

export default function DocsPage() {
  const say = useSay();
  const { project } = useProject();
  const { data, error, refetch } = useQuery({
    queryKey: ['openapi', project],
    queryFn: async () => (await api.getDataApisOpenApi({ query: project === undefined ? {} : { project } })).data,
  });
  const paths = Object.keys((data?.['paths'] as object | undefined) ?? {});
  const address = `/api/v1/data-apis/openapi.json${project === undefined ? '' : `?project=${encodeURIComponent(project)}`}`;
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <Button icon={<DownloadOutlined aria-hidden />} href={address} download="openapi.json">
          {say(texts.download)}
        </Button>
      </PageHead>
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : null}
      {data && paths.length === 0 ? (
        <Empty description={say(texts.empty)} image={Empty.PRESENTED_IMAGE_SIMPLE}>
          <LinkButton to="/data-apis/new">{say(texts.create)}</LinkButton>
        </Empty>
      ) : null}
      {data && paths.length > 0 ? (
        <Suspense fallback={<Waiting />}>
          <Swagger document={data} expansion="list" />
        </Suspense>
      ) : null}
      {data || error ? null : <Waiting />}
    </>
  );
}
