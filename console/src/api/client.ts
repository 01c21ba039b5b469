/** The admin API as the console calls it: the generated client with the session's token and the reader's language. */
import { createClient, ProblemAnswer } from '../../../generated/client.ts';
import { firstLanguage } from '../ui/language.tsx';

const TIMEOUT_MS = 60_000;

let csrfToken: string | undefined;
let expired: (() => void) | undefined;

/** Remembers the CSRF token that login and whoami answer; undefined forgets it. */
export function keepCsrf(token: string | undefined): void {
  csrfToken = token;
}

/** `listener` runs when the server no longer knows the session; pages stay as they are. */
export function onExpired(listener: () => void): void {
  expired = listener;
}

/** One function per operation. */
export const api = createClient({
  baseUrl: '',
  csrf: () => csrfToken,
  signal: () => AbortSignal.timeout(TIMEOUT_MS),
  async fetch(input, init) {
    const headers = new Headers(init?.headers);
    headers.set('accept-language', firstLanguage() === 'zh' ? 'zh-CN' : 'en');
    const response = await fetch(input, { ...init, headers, credentials: 'same-origin' });
    if (response.status === 401 && !(init?.method === 'POST' && String(input).endsWith('/session'))) expired?.();
    return response;
  },
});

export { ProblemAnswer };
