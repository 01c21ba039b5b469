/** Names in a SQL template: how a table or column is written, and which parameters stand where. Pure. */

/** Words that no dialect takes for a plain name. */
const RESERVED = new Set(
  `all and any as asc between both by case cast check collate column constraint create cross current_date current_time current_timestamp
default desc distinct do else end except exists false fetch for foreign from full grant group having in index inner intersect into is join
key leading left like limit natural not null offset on or order outer primary references right select session_user some table then to
trailing true union unique user using values when where window with`.split(/\s+/),
);

/** The name as SQL takes it: quoted when it is not a plain word in small letters. */
export function quotedName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

export interface NamedPlace {
  readonly name: string;
  /** Lines on which it stands, from 1. */
  readonly lines: readonly number[];
}

/** Parameters of a template by first use: those bound as `#{name}` and those tested in an `<if>`. Comments and quoted texts are passed over. */
export function parameterNames(sql: string): NamedPlace[] {
  const found = new Map<string, Set<number>>();
  const pattern = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|<if\s+test\s*=\s*"([^"]*)"\s*>|#\{\s*([A-Za-z_]\w{0,62})\s*\}/g;
  for (const match of sql.matchAll(pattern)) {
    const names = match[2] === undefined ? testNames(match[1] ?? '') : [match[2]];
    const line = sql.slice(0, match.index).split('\n').length;
    for (const name of names) found.set(name, (found.get(name) ?? new Set()).add(line));
  }
  return [...found].map(([name, lines]) => ({ name, lines: [...lines] }));
}

const TEST_WORDS = new Set(['and', 'or', 'not', 'null', 'true', 'false']);

function testNames(test: string): string[] {
  const words = test.replace(/'(?:[^']|'')*'/g, ' ').match(/(?<![\w.])[A-Za-z_]\w*/g) ?? [];
  return words.filter((word) => !TEST_WORDS.has(word.toLowerCase()));
}

/** Names of the path's parameters: `/orders/{id}` has `id`. */
export function pathNames(path: string): string[] {
  return [...path.matchAll(/\{([A-Za-z_]\w{0,62})\}/g)].map((match) => match[1]!);
}
