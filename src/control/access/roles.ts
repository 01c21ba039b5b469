/** The built-in roles and what each may do. */
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

/** Permissions of a role; none for one that does not exist. */
export function permissionsOf(role: string): readonly Permission[] {
  return role === 'admin' ? ADMIN : role === 'viewer' ? VIEWER : [];
}
