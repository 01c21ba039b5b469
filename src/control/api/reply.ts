/** An answer that is more than a JSON value: a status, headers, a cookie, or text of another type. */
export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON value, or text when `contentType` says so; undefined sends no body. */
  readonly body: unknown;
  /** `application/json` when left out. */
  readonly contentType?: string;
}

/** Makes a reply. */
export function reply(body: unknown, options: { status?: number; headers?: Record<string, string>; contentType?: string } = {}): Reply {
  const { status = body === undefined ? 204 : 200, headers = {}, contentType } = options;
  return { kind: 'reply', status, headers, body, ...(contentType ? { contentType } : {}) };
}

/** True for what `reply` made. */
export function isReply(value: unknown): value is Reply {
  return typeof value === 'object' && value !== null && (value as Reply).kind === 'reply' && 'headers' in value && 'status' in value;
}

/** The entity tag of a version: `"7"`. Source: RFC 9110 §8.8.3. */
export function entityTag(version: number): string {
  return `"${version}"`;
}
