/**
 * A document's text without the secrets typed into it, found line by line: what a draft may hold at once, before the server
 * has read the text. It rather answers nothing than a text that may still hold a secret. Pure.
 */
import type { Change } from '../forms/change.ts';
import { type JsonSchema, recordItems, variantsOf } from '../forms/schema.ts';

/** Names of all members that hold a secret in some alternative; undefined when a name may be anything. */
export function secretNames(schema: JsonSchema): ReadonlySet<string> | undefined {
  const found = new Set<string>();
  return collect(schema, found) ? found : undefined;
}

function collect(schema: JsonSchema, found: Set<string>): boolean {
  const items = recordItems(schema);
  if (items?.['x-secret'] || schema.items?.['x-secret']) return false;
  for (const [name, member] of Object.entries(schema.properties ?? {})) if (member['x-secret']) found.add(name);
  const inner = [...(variantsOf(schema) ?? []), ...Object.values(schema.properties ?? {})];
  return [...inner, ...[schema.items, items].filter((one) => one !== undefined)].every((one) => collect(one, found));
}

const PLACEHOLDER = /^["']?\$\{/;
const WHOLE_QUOTED = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?$/;

/** The text with an empty value wherever one of the names has a plain one; undefined where that cannot be told from the lines. */
export function coverSecrets(text: string, names: ReadonlySet<string> | undefined): string | undefined {
  if (names === undefined) return undefined;
  if (names.size === 0) return text;
  const all = [...names].map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|');
  const anywhere = new RegExp(`(?<![\\w-])(?:${all})["']?\\s*:(?!\\s*["']?\\$\\{)(?!\\s*$)|^\\s*\\?`);
  const alone = new RegExp(`^(\\s*(?:- +)*["']?(?:${all})["']?\\s*:)(?:\\s+(.*))?$`);
  const lines = text.split('\n');
  const covered: string[] = [];
  for (const [i, line] of lines.entries()) {
    const [, key, value = ''] = alone.exec(line) ?? [];
    if (key === undefined) {
      if (anywhere.test(line)) return undefined;
      covered.push(line);
      continue;
    }
    const next = lines.slice(i + 1).find((one) => one.trim() !== '');
    // What stands deeper below belongs to the value.
    if (next !== undefined && depth(next) > depth(key)) return undefined;
    const kind = value.trim();
    if (kind === '' || kind.startsWith('#') || PLACEHOLDER.test(kind)) covered.push(line);
    else if (/^["']/.test(kind) ? WHOLE_QUOTED.test(kind) : /^[^|>&*!{[]/.test(kind)) covered.push(`${key} ""`);
    else return undefined;
  }
  return covered.join('\n');
}

/** True for a change by hand whose value names a secret, or may: nobody has read what stands beside the name. */
export function mayTellSecret(change: Change, names: ReadonlySet<string> | undefined): boolean {
  if (names === undefined) return true;
  if ('remove' in change) return false;
  const written = JSON.stringify(change.value) ?? '';
  return [...names].some((name) => written.includes(name));
}

/** Column at which a member's name begins. */
function depth(line: string): number {
  return line.search(/[^\s-]|-\S/);
}
