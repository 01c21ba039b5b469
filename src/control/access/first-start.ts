/**
 * What the start does about access: the first administrator while there is no user, and the CLI's token.
 * Both lie in the data folder, readable by its owner only.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../store/types.ts';
import type { Audit } from './audit.ts';
import { checkStrength, hashPassword } from './password.ts';
import { replacePrivateFile } from './private-file.ts';
import { newSecretText } from './secrets-text.ts';

export const ADMIN_NAME = 'admin';
export const PASSWORD_FILE = 'admin-password';
export const CLI_TOKEN_FILE = 'cli-token';

/**
 * Creates user `admin`, and its audit line, while no user exists, with `given` (from file or environment) or a
 * random password. Answers the password when it was made now, for printing once; null otherwise. Raises `weak-password` for one given.
 */
export async function ensureFirstAdmin(
  store: Pick<Store, 'accounts' | 'transaction'>,
  audit: Audit,
  dataFolder: string,
  given: string | undefined,
  clock: Clock,
): Promise<string | null> {
  if ((await store.accounts.count()) > 0) return null;
  const password = given ?? newSecretText('');
  checkStrength(password, ADMIN_NAME);
  if (given === undefined) replacePrivateFile(path.join(dataFolder, PASSWORD_FILE), `${password}\n`);
  const now = clock.now();
  const row = {
    name: ADMIN_NAME,
    displayName: 'Administrator',
    role: 'admin',
    language: 'en',
    passwordHash: await hashPassword(password),
    enabled: true,
    createdAt: now,
    updatedAt: now,
  };
  await store.transaction(async (tables) => {
    await tables.accounts.put(row);
    const detail = `role admin; the first user, with ${given === undefined ? 'a new password' : 'the password given'}`;
    const actor = { name: 'weir', kind: 'system', address: undefined } as const;
    await audit({ actor, action: 'user.create', subject: ADMIN_NAME, detail }, tables.audit);
  });
  return given === undefined ? password : null;
}

/** The first admin's password file goes at the first change. */
export function forgetPasswordFile(dataFolder: string): void {
  rmSync(path.join(dataFolder, PASSWORD_FILE), { force: true });
}

/** Writes a new token for the CLI of this machine and answers it. */
export function newCliToken(dataFolder: string): string {
  const token = newSecretText('weir_cli_');
  replacePrivateFile(path.join(dataFolder, CLI_TOKEN_FILE), `${token}\n`);
  return token;
}
