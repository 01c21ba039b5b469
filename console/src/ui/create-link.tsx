/** Leads to where a new resource is made, for who may make one; nothing for others. */
import { PlusOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useSession } from '../api/session.tsx';
import { LinkButton } from './link-button.tsx';

export function CreateLink({
  to,
  primary = false,
  children,
}: {
  readonly to: string;
  readonly primary?: boolean;
  readonly children: ReactNode;
}) {
  const { may } = useSession();
  if (!may('resources:write')) return null;
  return (
    <LinkButton to={to} icon={<PlusOutlined aria-hidden />} type={primary ? 'primary' : 'default'}>
      {children}
    </LinkButton>
  );
}
