/** A person who may sign in, however they were made. The password is set by the API only and never part of the document. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { isAdminLeft, isAdministrator } from '../../access/administrators.ts';
import { ROLES_TEXT } from '../../access/roles.ts';
import type { AccountRow, Tables } from '../../../store/types.ts';
import { defineResource, type LastCheck, type MirroredResource } from '../define.ts';
import problems from '../problems.ts';

interface UserSpec {
  displayName?: string;
  role: 'admin' | 'viewer';
  language: 'en' | 'zh';
}

export default defineResource<UserSpec>({
  kind: 'User',
  plural: 'users',
  title: { en: 'User', zh: '用户' },
  summary: {
    en: 'A person who may sign in to console, API and CLI, with one role.',
    zh: '可登录控制台、API 和 CLI 的人员，拥有一个角色。',
  },
  installationWide: true,
  readAccess: 'users:read',
  spec: () =>
    strictObject({
      displayName: T.Optional(T.String({ minLength: 1, maxLength: 100, ...help('Name as shown to others.', '显示名称。', '显示名') })),
      role: T.Unsafe<'admin' | 'viewer'>({
        type: 'string',
        enum: ['admin', 'viewer'],
        default: 'viewer',
        ...help(ROLES_TEXT.en, ROLES_TEXT.zh, '角色'),
      }),
      language: T.Unsafe<'en' | 'zh'>({
        type: 'string',
        enum: ['en', 'zh'],
        default: 'en',
        ...help('Language of console and messages.', '控制台与消息的语言。', '语言'),
      }),
    }),
  mirror: (tables, key, after, at) => mirrorAccount(tables, key.name, after, at),
  examples: [
    {
      title: { en: 'Somebody who may look', zh: '只读用户' },
      text: `apiVersion: weir/v1
kind: User
metadata: { name: li-wei }
spec: { displayName: 李伟, role: viewer, language: zh }
`,
    },
  ],
});

/** Keeps the account in step: its password stays, its sessions end when it may no longer sign in. */
async function mirrorAccount(tables: Tables, name: string, after: MirroredResource<UserSpec> | undefined, at: number): Promise<LastCheck> {
  const before = await tables.accounts.get(name);
  if (after) {
    const { displayName, role, language } = after.spec;
    await tables.accounts.put({
      name,
      role,
      language,
      displayName: displayName ?? name,
      passwordHash: before?.passwordHash ?? null,
      enabled: after.enabled,
      createdAt: before?.createdAt ?? at,
      updatedAt: at,
    });
  } else await tables.accounts.delete(name);
  if (before && (!after?.enabled || before.role !== after.spec.role)) await tables.sessions.deleteOf(name);
  return before && isAdministrator(before) ? () => requireAdmin(tables, before) : undefined;
}

async function requireAdmin(tables: Tables, before: AccountRow): Promise<void> {
  if (!isAdminLeft(before, await tables.accounts.all())) throw problems.raise['last-admin']();
}
