/** Nobody hands out more than they hold: a token narrowed to `tokens:write` must not make itself an administrator. */
import { permissionsOf } from '../access/roles.ts';
import type { Caller } from './caller.ts';
import problems from './problems.ts';

/** Raises `forbidden` when `role`, narrowed to `only` unless that is empty, holds a permission that `caller` lacks. */
export function checkGrant(caller: Caller, role: string, only: readonly string[] = []): void {
  const granted = permissionsOf(role).filter((permission) => only.length === 0 || only.includes(permission));
  const more = granted.find((permission) => !caller.permissions.has(permission));
  if (more !== undefined) throw problems.raise.forbidden({ values: { name: caller.name, permission: more, place: '' } });
}
