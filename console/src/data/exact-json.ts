/**
 * JSON for eyes without loss: numbers keep every digit they were sent with, also those a JavaScript number cannot hold.
 * Pure; in: JSON text. Where the text is no JSON it is shown as it is.
 */

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;
interface ExactJson {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): unknown;
  stringify(value: unknown, replacer: null, space: number): string;
}

const exact = JSON as unknown as ExactJson;

/** The same JSON with one member a line. */
export function prettyJson(text: string): string {
  try {
    const keep: Reviver = (_key, value, context) => (typeof value === 'number' && context?.source ? exact.rawJSON(context.source) : value);
    return exact.stringify(exact.parse(text, keep), null, 2);
  } catch {
    return text;
  }
}

export type Cell = string | number | boolean | null | object;

/** Rows of a JSON list of objects; a number that would lose digits comes as the text it was sent as. */
export function jsonRows(text: string): readonly Readonly<Record<string, Cell>>[] {
  const keep: Reviver = (_key, value, context) =>
    typeof value === 'number' && context?.source && String(value) !== context.source ? context.source : value;
  const parsed = exact.parse(text, keep);
  const rows = Array.isArray(parsed) ? parsed : [parsed];
  return rows.filter((row): row is Record<string, Cell> => typeof row === 'object' && row !== null);
}
