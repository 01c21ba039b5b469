/**
 * Users are resources: whoever makes, changes or deletes one by the API changes its `User` document, so that
 * `dump` holds every user and applying it changes nothing. Passwords stay beside the documents, in the accounts.
 */
import type { Log } from '../../base/log.ts';
import { NAME_PATTERN } from '../../base/schema.ts';
import type { AccountRow, Store } from '../../store/types.ts';
import { parseDocuments } from '../documents/parse.ts';
import type { Actor, Resources } from '../resources/types.ts';
import resourceProblems from '../resources/problems.ts';
import { Problem } from '../../base/problem.ts';
import problems from './problems.ts';

export interface UserDocuments {
  /** Raises `user-exists`. */
  create(name: string, role: string, actor: Actor): Promise<void>;
  /** Raises `not-found`, `folder-owned`, `last-admin`. */
  setRole(name: string, role: string, actor: Actor): Promise<void>;
  /** Raises `not-found`, `folder-owned`, `last-admin`. */
  delete(name: string, actor: Actor): Promise<void>;
}

const keyOf = (name: string) => ({ project: 'default', kind: 'User', name });

/** Makes it over the resources room, which mirrors each document into its account. */
export function createUserDocuments(resources: Pick<Resources, 'get' | 'put' | 'delete'>): UserDocuments {
  return {
    async create(name, role, actor) {
      try {
        await resources.put(keyOf(name), { spec: { role } }, { actor, mustNotExist: true });
      } catch (error) {
        const exists = error instanceof Problem && error.spec === resourceProblems.specs.exists;
        throw exists ? problems.raise['user-exists']({ values: { name }, cause: error }) : error;
      }
    },
    async setRole(name, role, actor) {
      const { text, version } = await resources.get(keyOf(name));
      const written = parseDocuments(text)[0]!.value as { readonly spec?: object };
      await resources.put(keyOf(name), { ...written, spec: { ...written.spec, role } }, { actor, ifMatch: version });
    },
    delete: async (name, actor) => void (await resources.delete(keyOf(name), { actor })),
  };
}

/** Gives every account its document: the first administrator, and users of a store that is older than this rule. */
export async function adoptAccounts(
  store: Pick<Store, 'accounts' | 'resources'>,
  resources: Pick<Resources, 'put'>,
  log: Log,
): Promise<void> {
  const documents = new Set((await store.resources.all({ kind: 'User' })).map(({ name }) => name));
  for (const account of await store.accounts.all()) {
    if (documents.has(account.name)) continue;
    if (!new RegExp(NAME_PATTERN).test(account.name)) {
      log.warn('a user has a name that no User document may have: dump leaves it out; make a new one and delete it', {
        user: account.name,
      });
      continue;
    }
    const actor = { name: 'weir', kind: 'system', address: undefined } as const;
    await resources.put(keyOf(account.name), documentOf(account), { actor, mustNotExist: true });
  }
}

function documentOf({ name, displayName, role, language, enabled }: AccountRow): Readonly<Record<string, unknown>> {
  const spec = { ...(displayName === name ? {} : { displayName }), role, ...(language === 'en' ? {} : { language }) };
  return { ...(enabled ? {} : { enabled }), spec };
}
