/** The client of one command: its server, its credential, its time. */
import { createClient, ProblemAnswer, type Client } from '../../generated/client.ts';
import { Problem, type ProblemBody } from '../base/problem.ts';
import { type Language, verbatim } from '../base/text.ts';
import { formatDuration } from '../base/units.ts';
import { chooseCredential, chooseServer, type Credential } from './credential.ts';
import type { Io, LocalControl } from './io.ts';
import problems from './problems.ts';

export interface Connecting {
  readonly io: Io;
  readonly language: Language;
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly timeoutMs: number;
  local(): LocalControl;
}

/** A client for the chosen server. Raises `no-credential`; calls raise `unreachable`, `timed-out` or a `ProblemAnswer`. */
export function connect(given: Connecting): Client {
  const server = chooseServer(given.io, given.server, given.local);
  return clientOf(given, server, chooseCredential(given.io, given.token, server, given.local));
}

/** A client with this very credential, or with none (for logging in). */
export function clientOf(given: Connecting, server: string, credential: Credential | undefined): Client {
  const end = AbortSignal.timeout(given.timeoutMs);
  const session = credential?.kind === 'session' ? credential : undefined;
  return createClient({
    baseUrl: server,
    language: given.language,
    signal: () => end,
    ...(credential?.kind === 'token' ? { token: credential.token } : {}),
    ...(session ? { csrf: () => session.csrf } : {}),
    fetch: async (address, init) => {
      const headers = { ...(init?.headers as Record<string, string>), ...(session ? { cookie: `weir_session=${session.session}` } : {}) };
      try {
        return await fetch(address, { ...init, headers });
      } catch (cause) {
        throw failure(cause, server, given.timeoutMs);
      }
    },
  });
}

function failure(cause: unknown, server: string, timeoutMs: number): Problem {
  const { name, cause: inner } = cause as { name?: string; cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError' || name === 'AbortError')
    return problems.raise['timed-out']({ values: { timeout: formatDuration(timeoutMs) }, cause });
  return problems.raise.unreachable({ values: { server, reason: verbatim(inner?.code ?? inner?.message ?? String(cause)) }, cause });
}

/** Any failure as a problem's body, in the caller's language; undefined for a bug of ours. */
export function bodyOf(error: unknown, language: Language): ProblemBody | undefined {
  if (error instanceof ProblemAnswer) return error.problem as ProblemBody;
  return error instanceof Problem ? error.toBody(language) : undefined;
}
