/** Leads to where a new resource is made, for who may make one; nothing for others. */
import { PlusOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useSession } from '../api/session.tsx';
import { LinkButton } from './link-button.tsx';

export function CreateLink({
  to,
  project,
  primary = false,
  children,
}: {
  readonly to: string;
  /** Project it is made in, where the page there reads it from its address. */
  readonly project?: string;
  readonly primary?: boolean;
  readonly children: ReactNode;
}) {
  const { may } = useSession();
  if (!may('resources:write')) return null;
  return (
    <LinkButton
      to={to}
      {...(project === undefined ? {} : { search: { project } })}
      icon={<PlusOutlined aria-hidden />}
      type={primary ? 'primary' : 'default'}
    >
      {children}
    </LinkButton>
  );
}
