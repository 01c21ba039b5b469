/** Who may administer Weir, and that somebody always can. */
import type { AccountRow } from '../../store/types.ts';

/** An administrator who may act; whether they can log in is another question. */
export function isAdministrator({ enabled, role }: Pick<AccountRow, 'enabled' | 'role'>): boolean {
  return enabled && role === 'admin';
}

/**
 * True when `others` still hold an administrator after `before` ceased to be one. One who could log in is replaced
 * only by one who can: a user of a document has no password until somebody who may gives them one.
 */
export function isAdminLeft(before: Pick<AccountRow, 'passwordHash'>, others: readonly AccountRow[]): boolean {
  return others.some((other) => isAdministrator(other) && (before.passwordHash === null || other.passwordHash !== null));
}
