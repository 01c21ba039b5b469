/** The targets behind a route: where each is, its share, and what the gateway's threads know of it. */
import { useQuery } from '@tanstack/react-query';
import { Table } from 'antd';
import { api } from '../../api/client.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';

const texts = {
  address: { en: 'Address', zh: '地址' },
  weight: { en: 'Weight', zh: '权重' },
};

interface Target {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly weight?: number;
}

export function Targets({ project, upstream }: { readonly project: string; readonly upstream: string }) {
  const say = useSay();
  const { data, error, isPending } = useQuery({
    queryKey: ['resource', project, 'Upstream', upstream],
    queryFn: async () =>
      (await api.getResource({ params: { project, kind: 'Upstream', name: upstream } })).data.spec['targets'] as Target[],
  });
  if (error) return <ProblemView error={error} />;
  return (
    <Table<Target & { readonly at: number }>
      rowKey="at"
      size="small"
      loading={isPending}
      pagination={false}
      dataSource={(data ?? []).map((target, at) => ({ ...target, at }))}
      columns={[
        { key: 'address', title: say(texts.address), render: (_, { url, host, port }) => <code>{url ?? `${host}:${port ?? 80}`}</code> },
        { key: 'weight', title: say(texts.weight), render: (_, { weight }) => weight ?? 1 },
      ]}
    />
  );
}
