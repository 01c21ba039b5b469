/** Where a connection leads, in one line. Pure. */

/** `host:port/database`, a file, or a URL's host and path; empty when the spec says none. */
export function placeOf(spec: Readonly<Record<string, unknown>>): string {
  const text = (name: string) => (typeof spec[name] === 'string' || typeof spec[name] === 'number' ? String(spec[name]) : '');
  if (text('file')) return text('file');
  const url = text('url') ? URL.parse(text('url')) : null;
  // A query may hold a key: only the place is shown.
  if (url) return `${url.host}${url.pathname}`;
  const host = text('host') && `${text('host')}${text('port') && `:${text('port')}`}`;
  return [host, text('database')].filter(Boolean).join('/');
}
