/** Settings: one's own account, users, tokens, and how Weir itself is. */
import { Tabs } from 'antd';
import { useSession } from '../../api/session.tsx';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { Account } from './account.tsx';
import { SystemHealth } from './system-health.tsx';
import { Tokens } from './tokens.tsx';
import { Users } from './users.tsx';

const texts = {
  title: { en: 'Settings', zh: '设置' },
  account: { en: 'Account', zh: '账户' },
  users: { en: 'Users', zh: '用户' },
  tokens: { en: 'API tokens', zh: 'API 令牌' },
  system: { en: 'System', zh: '系统' },
};

export default function SettingsPage() {
  const say = useSay();
  const { may } = useSession();
  const [url, change] = useUrlState();
  const items = [
    { key: 'account', label: say(texts.account), children: <Account /> },
    ...(may('users:read') ? [{ key: 'users', label: say(texts.users), children: <Users /> }] : []),
    ...(may('tokens:read') ? [{ key: 'tokens', label: say(texts.tokens), children: <Tokens /> }] : []),
    { key: 'system', label: say(texts.system), children: <SystemHealth /> },
  ];
  return (
    <>
      <PageHead title={say(texts.title)} />
      <Tabs activeKey={url['tab'] ?? 'account'} items={items} onChange={(tab) => change({ tab })} />
    </>
  );
}
