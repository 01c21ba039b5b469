/** An OpenAPI document as it may be drawn: descriptions are Markdown that anybody wrote, and hold no HTML. Pure. */

/** Values that are data, whatever their members are called. */
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const']);

/** A copy whose descriptions show tags instead of making them. */
export function withoutHtml(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHtml);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (DATA.has(name)) return [name, member];
      if (name === 'description' && typeof member === 'string') return [name, member.replaceAll('<', '&lt;')];
      return [name, withoutHtml(member)];
    }),
  );
}
