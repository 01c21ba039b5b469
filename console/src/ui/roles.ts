/** What roles are called. Pure. */
import type { Text } from './language.tsx';

const ROLES: Readonly<Record<string, Text>> = {
  admin: { en: 'Administrator', zh: '管理员' },
  viewer: { en: 'Viewer', zh: '只读用户' },
  gateway: { en: 'Gateway', zh: '网关' },
  worker: { en: 'Worker', zh: '工作进程' },
};

/** The name of a user's, a token's or a process's role; one that is not known stands as it is. */
export function roleName(role: string): Text {
  return ROLES[role] ?? { en: role, zh: role };
}
