/** What somebody should look at, the worst first, each a link to where it is. */
import { Link } from '@tanstack/react-router';
import type { Attention } from '../../../../generated/client.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { useKindTitle } from '../../documents/kinds.ts';
import { type Text, useSay } from '../../ui/language.tsx';
import { Mark } from '../../ui/status.tsx';

const texts = {
  password: { en: 'Change the password', zh: '修改密码' },
  system: { en: 'See the system', zh: '查看系统' },
  none: { en: 'Nothing: everything runs as it should.', zh: '无：一切运行正常。' },
};

const KINDS: Readonly<Record<Attention['kind'], Text>> = {
  'run-failed': { en: 'run failed', zh: '运行失败' },
  'resource-failed': { en: 'not in force', zh: '未生效' },
  'resource-pending': { en: 'waiting', zh: '等待生效' },
  'resource-warning': { en: 'warning', zh: '警告' },
  incident: { en: 'incident', zh: '事件' },
  doctor: { en: 'doctor', zh: '诊断' },
  'key-expires': { en: 'key expires', zh: '密钥将到期' },
};

export function AttentionList({ items }: { readonly items: readonly Attention[] }) {
  const say = useSay();
  if (items.length === 0) return <Mark tone="good">{say(texts.none)}</Mark>;
  return (
    <ul className="weir-plain">
      {items.map((item) => (
        <li key={`${item.kind} ${item.id ?? ''} ${item.resource?.kind ?? ''} ${item.resource?.name ?? ''} ${item.text.en}`}>
          <Mark tone={item.level === 'failed' ? 'bad' : 'warning'}>{say(KINDS[item.kind])}</Mark>
          <span style={{ flex: 1, minWidth: 0 }}>
            <Where item={item} /> <span className="weir-quiet">{say(item.text)}</span>
          </span>
          <TimeAgo at={item.time} />
        </li>
      ))}
    </ul>
  );
}

/** Words stand right behind the link: colour alone would not tell them apart. */
const UNDERLINED = { textDecoration: 'underline' } as const;

function Where({ item }: { readonly item: Attention }) {
  const { resource, id, kind } = item;
  const kindTitle = useKindTitle();
  const say = useSay();
  const name = resource ? `${kindTitle(resource.kind)} ${resource.name}` : undefined;
  if (kind === 'run-failed' && id)
    return (
      <Link style={UNDERLINED} to={`/runs/${id}`}>
        {resource?.name ?? id}
      </Link>
    );
  if (kind === 'key-expires' && resource)
    return (
      <Link style={UNDERLINED} to={`/consumers/${resource.project}/${resource.name}`}>
        {resource.name}
      </Link>
    );
  if (kind === 'incident')
    return (
      <Link style={UNDERLINED} to="/incidents">
        {id}
      </Link>
    );
  if (kind === 'doctor') {
    const isPassword = id === 'admin-password';
    return (
      <Link style={UNDERLINED} to="/settings" search={{ tab: isPassword ? 'account' : 'system' } as never}>
        {say(isPassword ? texts.password : texts.system)}
      </Link>
    );
  }
  return resource ? (
    <Link style={UNDERLINED} to={`/resources/${resource.project}/${resource.kind}/${resource.name}`}>
      {name}
    </Link>
  ) : null;
}
