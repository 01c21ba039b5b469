/** Resources that name a connection. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Empty } from 'antd';
import type { ResourceKey } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useKindTitle } from '../../documents/kinds.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = {
  none: { en: 'Nothing uses this connection yet.', zh: '还没有资源使用此连接。' },
  about: { en: 'These name this connection; it cannot be deleted while they do.', zh: '以下资源引用了此连接，引用期间无法删除。' },
};

export function UsedBy({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  const kindTitle = useKindTitle();
  const { data, error, refetch } = useQuery({
    queryKey: ['used-by', project, 'Connection', name],
    queryFn: async () => (await api.listResourceUses({ params: { project, kind: 'Connection', name } })).data.items,
  });
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  if (data.length === 0) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say(texts.none)} />;
  return (
    <>
      <p className="weir-quiet" style={{ marginBlockStart: 0 }}>
        {say(texts.about)}
      </p>
      <ul>
        {data.map((user) => (
          <li key={`${user.kind}/${user.name}`}>
            <Link to={addressOf(user)}>{user.name}</Link> <span className="weir-quiet">{kindTitle(user.kind)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function addressOf({ project, kind, name }: ResourceKey): string {
  return kind === 'Pipeline' ? `/pipelines/${project}/${name}` : `/resources/${project}/${kind}/${name}`;
}
