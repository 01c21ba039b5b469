/** The built-in roles and what each may do. */
import type { Text } from '../../base/text.ts';
import type { Permission } from '../api/caller.ts';

const VIEWER: readonly Permission[] = ['resources:read', 'runs:read', 'calls:read', 'keys:read', 'metrics:read', 'system:read'];
const ADMIN: readonly Permission[] = [
  ...VIEWER,
  'resources:write',
  'connections:use',
  'runs:write',
  'keys:write',
  'tokens:read',
  'tokens:write',
  'users:read',
  'users:write',
  'audit:read',
  'system:write',
];

/** What the roles may do, for people. A test compares it with the permissions. */
export const ROLES_TEXT: Text = {
  en:
    '`admin` may do everything. `viewer` may look at resources, runs, calls, keys (never their secrets), metrics and the system, ' +
    'and changes nothing; connections, tokens, users and the audit trail are closed to it.',
  zh:
    '`admin` 可执行所有操作。`viewer` 可查看资源、运行、调用、密钥（不含机密）、指标与系统，不能更改任何内容；' +
    '不能使用连接，也不能查看令牌、用户与审计记录。',
};

/** Permissions of a role; none for one that does not exist. */
export function permissionsOf(role: string): readonly Permission[] {
  return role === 'admin' ? ADMIN : role === 'viewer' ? VIEWER : [];
}
