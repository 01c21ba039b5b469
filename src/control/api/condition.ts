/** Conditional requests: nobody overwrites what they have not read. Source: RFC 9110 §13. */
import { help, T } from '../../base/schema.ts';
import type { Text } from '../../base/text.ts';
import type { Condition } from '../resources/types.ts';
import type { Call } from './operation.ts';
import problems from './problems.ts';

/** Query member of operations that can be tried. */
export const dryRunOf = () =>
  T.Boolean({ default: false, ...help('Says what would happen and changes nothing.', '只说明将发生什么，不做更改。') });

/** Reads `If-Match: "7"` and `If-None-Match: *`; raises `invalid-request` on any other form. */
export function conditionOf(call: Pick<Call, 'header'>): Condition {
  const match = call.header('if-match');
  const noneMatch = call.header('if-none-match');
  if (noneMatch !== undefined && noneMatch !== '*') throw wrong('/headers/if-none-match', { en: 'must be *', zh: '必须是 *' });
  if (match === undefined || match === '*') return noneMatch === '*' ? { mustNotExist: true } : {};
  const version = /^"(\d{1,15})"$/.exec(match)?.[1];
  if (version === undefined)
    throw wrong('/headers/if-match', { en: 'must be an ETag as answered before, such as "7"', zh: '必须是之前返回的 ETag，例如 "7"' });
  return { ifMatch: Number(version) };
}

/** The same, but one of both headers must be there (`If-Match: *` says: whatever version it has). */
export function needsCondition(call: Pick<Call, 'header'>): Condition {
  if (call.header('if-match') === undefined && call.header('if-none-match') === undefined) throw problems.raise['condition-needed']();
  return conditionOf(call);
}

function wrong(pointer: string, detail: Text) {
  return problems.raise['invalid-request']({ errors: [{ pointer, detail }] });
}
