/**
 * Page cursors: the sort values of a page's last row and the release, signed with HMAC-SHA256 under the
 * API's own key. Opaque to callers, and worthless when changed or brought from elsewhere.
 * Form: base64url(JSON) `.` base64url(MAC).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CompiledDataApi } from '../sdk/dataapi.ts';
import type { BoundValue } from '../sdk/query.ts';
import problems from './problems.ts';

const CURSOR_CHARS_MAX = 4096;

/** Writes the cursor that starts after `last`; null when it would be too long to send back. */
export function writeCursor(api: CompiledDataApi, last: readonly BoundValue[]): string | null {
  const payload = Buffer.from(JSON.stringify({ r: api.release, s: last.map((v) => [v.type, v.value]) })).toString('base64url');
  const cursor = `${payload}.${mac(api, payload).toString('base64url')}`;
  return cursor.length > CURSOR_CHARS_MAX ? null : cursor;
}

/** Reads a cursor; throws `cursor-invalid` for a changed or foreign one, `cursor-outdated` after a new release. */
export function readCursor(api: CompiledDataApi, cursor: string): readonly BoundValue[] {
  const [payload, signature, ...rest] = cursor.length > CURSOR_CHARS_MAX ? [] : cursor.split('.');
  if (!payload || !signature || rest.length > 0) throw problems.raise['cursor-invalid']();
  const given = Buffer.from(signature, 'base64url');
  const expected = mac(api, payload);
  // The text is compared too: base64url has several spellings of one MAC.
  const same = given.length === expected.length && timingSafeEqual(given, expected) && signature === expected.toString('base64url');
  if (!same) throw problems.raise['cursor-invalid']();
  const { r, s } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { r: string; s: [BoundValue['type'], string][] };
  if (r !== api.release || s.length !== api.page?.sort.length) throw problems.raise['cursor-outdated']();
  return s.map(([type, value]) => ({ type, value }));
}

function mac(api: CompiledDataApi, payload: string): Buffer {
  const key = Buffer.from(api.cursorKey, 'hex');
  return createHmac('sha256', key).update(`${api.project}/${api.name}\0${payload}`).digest();
}
