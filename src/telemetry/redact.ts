/**
 * Keeps secrets out of log lines: members whose names say "secret" lose their value, and
 * `user:password@` in addresses is cut, however deep they stand. In: any value. Out: a bounded copy.
 */

const SECRET_NAME = /pass(word|wd|phrase)|secret|token|authorization|cookie|api[-_]?key|credential|master[-_]?key|private[-_]?key|csrf/i;
const ADDRESS_LOGIN = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi;
const DEPTH_MAX = 6;
const ITEMS_MAX = 50;
const TEXT_MAX = 4000;

/** What stands in place of a secret. */
export const HIDDEN = '[hidden]';

/** True for member names whose values are never written to a log. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A copy of `value` fit for a log line: JSON only, at most 6 levels deep, 50 items a level, 4000 characters a text. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? undefined : value;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => redact(item, depth + 1));
  const entries = Object.entries(value).slice(0, ITEMS_MAX);
  return Object.fromEntries(entries.map(([name, item]) => [name, isSecretName(name) ? HIDDEN : redact(item, depth + 1)]));
}

function redactText(text: string): string {
  const short = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  return short.replace(ADDRESS_LOGIN, `$1${HIDDEN}@`);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack ? { stack: redactText(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
