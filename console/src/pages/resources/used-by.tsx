/** Which resources name this one. */
import { Link } from '@tanstack/react-router';
import { Empty } from 'antd';
import { resourceAddress, type ResourcePlace, useKindTitle, useUses } from '../../documents/kinds.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = { none: { en: 'No other resource names this one.', zh: '没有其他资源引用此资源。' } };

export function UsedBy({ place }: { readonly place: ResourcePlace }) {
  const say = useSay();
  const { data, error, refetch } = useUses({ project: place.project, kind: place.kind, name: place.name });
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  if (data.length === 0) return <Empty description={say(texts.none)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  return <Users users={data} />;
}

/** A list of resources, as links. */
export function Users({ users }: { readonly users: readonly ResourcePlace[] }) {
  const kindTitle = useKindTitle();
  return (
    <ul>
      {users.map((user) => (
        <li key={resourceAddress(user)}>
          <Link to={resourceAddress(user)}>{user.name}</Link>{' '}
          <span className="weir-quiet">
            {kindTitle(user.kind)} · {user.project}
          </span>
        </li>
      ))}
    </ul>
  );
}
