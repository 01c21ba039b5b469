/**
 * Who calls, and whether they may. In: the head of a request. Out: a `Caller`, or the problem that
 * refuses. A bearer token wins over a cookie; a change made with a cookie needs the CSRF token.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { type Text, tell } from '../../base/text.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import { permissionsOf } from '../access/roles.ts';
import type { Actor } from '../resources/types.ts';
import type { Call, Operation } from './operation.ts';
import { isForwarded, isLoopback } from './origin.ts';
import problems from './problems.ts';

export type Permission =
  | 'resources:read'
  | 'resources:write'
  | 'connections:use'
  | 'runs:read'
  | 'runs:write'
  | 'calls:read'
  | 'metrics:read'
  | 'keys:read'
  | 'keys:write'
  | 'tokens:read'
  | 'tokens:write'
  | 'users:read'
  | 'users:write'
  | 'audit:read'
  | 'system:read'
  | 'system:write';

export interface Caller {
  /** As audit names them: user, token, or `local-cli`; empty for nobody. */
  readonly name: string;
  readonly kind: 'user' | 'token' | 'local-cli' | 'nobody';
  readonly role: string;
  /** Projects the credential is limited to; undefined = all. */
  readonly projects: readonly string[] | undefined;
  readonly permissions: ReadonlySet<Permission>;
  /** The session's secret text, of a caller who came with a cookie. */
  readonly session?: string;
}

/** A credential that is known but does not count (any more): for the audit trail, never for the caller. */
export interface SpentCredential {
  readonly spent: 'expired' | 'revoked' | 'account disabled' | 'not from this machine';
  readonly name: string;
  readonly kind: 'user' | 'token' | 'local-cli';
}

/** `quiet`: a look that is no use of the credential, so it does not keep a session alive. */
export interface Looking {
  readonly quiet?: boolean;
}

/** Finds callers by what they sent; control/access implements it. Null = unknown. */
export interface Callers {
  byToken(token: string, from: From, how?: Looking): Promise<Caller | SpentCredential | null>;
  bySession(session: string, from: From, how?: Looking): Promise<Caller | SpentCredential | null>;
}

/** What is known of a request so far; filled while it passes the door. A refusal is audited with it. */
export interface Seen {
  readonly operation?: Pick<Operation, 'id'>;
  caller?: Caller;
  /** Name somebody without a credential says is theirs: of a login. */
  claim?: string | undefined;
  /** Whether the caller would still be let in now. */
  stillAllowed?: () => Promise<boolean>;
}

/** Cause of a `not-found` about something that is there, in a project the caller's credential does not reach. */
export const OUT_OF_REACH: unique symbol = Symbol('out of reach');

/** Where a request comes from; `local` = loopback peer and no proxy in between. */
export interface From {
  readonly address: string;
  readonly local: boolean;
}

/** Name of the session cookie. */
export const SESSION_COOKIE = 'weir_session';

/** Who came without a credential. */
export const NOBODY: Caller = Object.freeze({
  name: '',
  kind: 'nobody',
  role: 'none',
  projects: undefined,
  permissions: new Set<Permission>(),
});

/** Where `request` comes from. */
export function fromOf(request: FastifyRequest): From {
  const address = request.socket.remoteAddress ?? '';
  return { address, local: isLoopback(address) && !isForwarded(request.headers) };
}

/**
 * Who calls; `seen` learns it before anything is refused. Raises `token-not-valid` for a credential that is
 * none, `csrf-token-missing` for a forged change.
 */
export async function findCaller(
  callers: Callers,
  operation: Pick<Operation, 'access' | 'method'>,
  request: FastifyRequest,
  seen: Seen,
  how: Looking = {},
): Promise<Caller> {
  if (operation.access === 'public') return NOBODY;
  const from = fromOf(request);
  const token = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token !== undefined || request.headers.authorization !== undefined) {
    return (seen.caller = valid(token === undefined ? null : await callers.byToken(token, from, how)));
  }
  const session = readCookie(request.headers.cookie, SESSION_COOKIE);
  if (session === undefined) return NOBODY;
  const caller = { ...valid(await callers.bySession(session, from, how)), session };
  seen.caller = caller;
  if (operation.method !== 'GET' && !isCsrfToken(request.headers['x-weir-csrf'], session)) throw problems.raise['csrf-token-missing']();
  return caller;
}

function valid(found: Caller | SpentCredential | null): Caller {
  if (found && !('spent' in found)) return found;
  throw problems.raise['token-not-valid']({ cause: found ?? undefined });
}

/**
 * Refuses a caller who may not; `project` is the one the request names. A credential limited to
 * projects may only do what names one of them, or what shows it only their share.
 */
export function checkAccess(
  caller: Caller,
  { access, filtered }: Pick<Operation, 'access' | 'filtered'>,
  project: string | undefined,
): void {
  if (access === 'public') return;
  if (caller.kind === 'nobody') throw problems.raise.unauthenticated();
  if (access === 'signed-in' || hasAccess(caller, { access, filtered: filtered === true }, project)) return;
  throw problems.raise.forbidden({
    values: { name: caller.name, permission: access, place: project === undefined ? '' : ` (${project})` },
  });
}

/** True when the caller holds the permission, for `project` or, without one, for the whole installation or their share of it. */
export function hasAccess(
  caller: Caller,
  { access, filtered }: { readonly access: Permission; readonly filtered: boolean },
  project: string | undefined,
): boolean {
  const reaches = project === undefined ? caller.projects === undefined || filtered : mayTouch(caller, project);
  return caller.permissions.has(access) && reaches;
}

/** True when the caller's credential reaches `project`. */
export function mayTouch(caller: Caller, project: string): boolean {
  return caller.projects === undefined || caller.projects.includes(project);
}

/** Projects an operation over many may look at: the one asked for, else all the caller reaches (undefined = every). */
export function projectsOf(caller: Caller, asked?: string): readonly string[] | undefined {
  return asked === undefined ? caller.projects : [asked];
}

/** Who, as audit names them. */
export function actorOf({ caller, address }: Pick<Call, 'caller' | 'address'>): Actor {
  return { name: caller.name, address, ...(caller.kind === 'nobody' ? {} : { kind: caller.kind }) };
}

/** The CSRF token of a session: known to the page that logged in, not to a page that only rides on the cookie. */
export function csrfTokenOf(session: string): string {
  return createHash('sha256').update(`weir-csrf:${session}`).digest('base64url');
}

function isCsrfToken(header: string | string[] | undefined, session: string): boolean {
  if (typeof header !== 'string') return false;
  const [have, want] = [Buffer.from(header), Buffer.from(csrfTokenOf(session))];
  return have.length === want.length && timingSafeEqual(have, want);
}

/** The cookie `name` of a Cookie header. Source: RFC 6265 §4.2. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.slice(0, 8192).split(';') ?? []) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name && value && /^[\x21-\x7e]+$/.test(value)) return value;
  }
  return undefined;
}

/**
 * Who changes resources, and what they may not: an account is more than a resource. A `User` document can
 * make an administrator, so it asks for every permission of one, and for a credential that reaches every project.
 */
export function changeOf(call: Pick<Call, 'caller' | 'address'>): {
  actor: Actor;
  forbid: (key: ResourceKey) => Text | undefined;
  projects?: readonly string[];
} {
  const { permissions, projects } = call.caller;
  return {
    actor: actorOf(call),
    ...(projects === undefined ? {} : { projects }),
    forbid({ kind }) {
      if (kind !== 'User') return undefined;
      const lacking = permissionsOf('admin').find((permission) => !permissions.has(permission));
      if (lacking !== undefined) return tell(NEEDS_ADMIN, { permission: lacking });
      return projects === undefined ? undefined : NEEDS_ALL_PROJECTS;
    },
  };
}

const NEEDS_ADMIN: Text = {
  en: 'needs all permissions of an administrator, also {permission}',
  zh: '需要管理员的全部权限，包括 {permission}',
};
const NEEDS_ALL_PROJECTS: Text = { en: 'needs a credential that is not limited to projects', zh: '需要不限项目的凭证' };
