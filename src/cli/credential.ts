/**
 * Which control to talk to, and with what. Server: `--server`, WEIR_SERVER, the last login, this machine.
 * Credential: `--token`, WEIR_TOKEN, the login for that server, `.weir/cli-token`; the last only ever
 * goes to this machine's own control.
 */
import { verbatim } from '../base/text.ts';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Io, LocalControl } from './io.ts';
import problems from './problems.ts';

/** How a caller proves who it is. */
export type Credential =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'session'; readonly session: string; readonly csrf: string };

/** What `weir login` keeps, by server. */
interface Logins {
  current?: string;
  servers: Record<string, { token?: string; session?: string; csrf?: string; expiresAt?: number }>;
}

/** The server of a command, as an origin without a trailing slash. Raises `bad-value` for what is no URL. */
export function chooseServer(io: Io, asked: string | undefined, local: () => LocalControl): string {
  return originOf(asked ?? io.env['WEIR_SERVER'] ?? readLogins(io).current ?? local().address);
}

/** The credential for `server`. Raises `no-credential`, `token-twice`, `token-file`. */
export function chooseCredential(io: Io, asked: string | undefined, server: string, local: () => LocalControl): Credential {
  if (io.env['WEIR_TOKEN'] !== undefined && io.env['WEIR_TOKEN_FILE'] !== undefined) throw problems.raise['token-twice']();
  const given = asked ?? io.env['WEIR_TOKEN'] ?? namedFile(io.env['WEIR_TOKEN_FILE']);
  if (given) return { kind: 'token', token: given };
  const login = readLogins(io).servers[server];
  const expired = login?.expiresAt !== undefined && login.expiresAt <= io.clock.now();
  if (login?.token && !expired) return { kind: 'token', token: login.token };
  if (login?.session && login.csrf && !expired) return { kind: 'session', session: login.session, csrf: login.csrf };
  const token = localToken(server, local);
  if (token) return { kind: 'token', token };
  throw problems.raise['no-credential']({ values: { server } });
}

/** Keeps a login (0600) and makes its server the one to talk to. */
export function keepLogin(io: Io, server: string, credential: Credential, expiresAt: number | undefined): string {
  const logins = readLogins(io);
  const { kind: _, ...rest } = credential;
  logins.servers[server] = { ...rest, ...(expiresAt === undefined ? {} : { expiresAt }) };
  logins.current = server;
  const file = loginFile(io);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const next = `${file}.new`;
  writeFileSync(next, `${JSON.stringify(logins, null, 2)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600); // A left-over file would keep its old mode.
  renameSync(next, file);
  return file;
}

/** The origin of a URL. Raises `bad-value`. */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username) {
    throw problems.raise['bad-value']({ values: { what: verbatim('--server'), value: text, example: 'http://127.0.0.1:8081' } });
  }
  return url.origin;
}

function localToken(server: string, local: () => LocalControl): string | undefined {
  const { address, tokenFile } = local();
  return originOf(address) === server && isLoopbackName(server) ? fileValue(tokenFile) : undefined;
}

function isLoopbackName(server: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(server).hostname);
}

function loginFile(io: Io): string {
  return path.join(io.env['XDG_CONFIG_HOME'] || path.join(io.home, '.config'), 'weir', 'logins.json');
}

function readLogins(io: Io): Logins {
  const text = fileValue(loginFile(io));
  if (!text) return { servers: {} };
  try {
    const { current, servers } = JSON.parse(text) as Partial<Logins>;
    return { ...(current ? { current } : {}), servers: servers ?? {} };
  } catch {
    return { servers: {} }; // A broken file means: log in again.
  }
}

/** The token in a file that somebody named: one that gives none is told, for another credential may be of somebody else. */
function namedFile(file: string | undefined): string | undefined {
  if (!file) return undefined;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw problems.raise['token-file']({ values: { file, reason: verbatim((error as Error).message) }, cause: error });
  }
  if (token === '') throw problems.raise['token-file']({ values: { file, reason: EMPTY } });
  return token;
}

const EMPTY = { en: 'it is empty', zh: '文件为空' };

function fileValue(file: string | undefined): string | undefined {
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
