/** Built-in roles and the permissions they hold. */
import type { Permission } from '../api/caller.ts';
import problems from './problems.ts';

const LOOK: readonly Permission[] = Object.freeze([
  'resources:read', 'runs:read', 'calls:read', 'metrics:read', 'keys:read', 'tokens:read', 'users:read', 'audit:read', 'system:read',
]);
const ALL: readonly Permission[] = Object.freeze([
  ...LOOK, 'resources:write', 'connections:use', 'runs:write', 'keys:write', 'tokens:write', 'users:write', 'system:write',
]);

/** `admin` may do everything; `viewer` may look at everything but secrets and other people's data. */
export const ROLES: Readonly<Record<'admin' | 'viewer', readonly Permission[]>> = Object.freeze({ admin: ALL, viewer: LOOK });

/** Permissions of `role`, narrowed to `only` when that is not empty. An unknown role has none. */
export function permissionsOf(role: string, only: readonly string[] = []): ReadonlySet<Permission> {
  const all = Object.hasOwn(ROLES, role) ? ROLES[role as keyof typeof ROLES] : [];
  return new Set(only.length === 0 ? all : all.filter((permission) => only.includes(permission)));
}

/** Raises `no-such-role` or `no-such-permission`. */
export function checkRole(role: string, only: readonly string[] = []): void {
  if (!Object.hasOwn(ROLES, role)) throw problems.raise['no-such-role']({ values: { role: role.slice(0, 60), known: Object.keys(ROLES).join(', ') } });
  const known = ROLES[role as keyof typeof ROLES];
  const wrong = only.find((permission) => !known.includes(permission as Permission));
  if (wrong !== undefined) throw problems.raise['no-such-permission']({ values: { role, permission: wrong.slice(0, 60), known: known.join(', ') } });
}
