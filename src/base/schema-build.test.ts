/**
 * Aim: our builders and checks mean what TypeBox, whose types they carry, means. Method: the same calls on both give
 * the same JSON Schema; every single-value schema that Weir has is tried on values of all sorts with both.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import TypeBox from 'typebox';
import { Compile } from 'typebox/compile';
import { kinds } from '../../generated/kinds.ts';
import { operations } from '../../generated/operations.ts';
import { registry } from '../../generated/registry.ts';
import { processConfig } from '../wire/config.ts';
import { leafCheck } from './schema-leaf.ts';
import { type JsonSchema, T } from './schema.ts';

/** One of everything, by either builder. */
const everything = (B: typeof T) =>
  B.Object(
    {
      text: B.String({ minLength: 1, description: 'x' }),
      maybe: B.Optional(B.Integer({ minimum: 1 })),
      odd: B.Unsafe<string>({ enum: ['a', 'b'] }),
      maybeOdd: B.Optional(B.Unsafe<string>({ type: 'string' })),
      both: B.Union([B.Literal('a'), B.Literal(1), B.Literal(true), B.Null()], { default: null }),
      list: B.Array(B.Number(), { maxItems: 3 }),
      names: B.Record(B.String(), B.Boolean(), { maxProperties: 3 }),
      short: B.Record(B.String({ pattern: '^[a-z]+$' }), B.Unknown()),
    },
    { additionalProperties: false },
  );

test('the builders make the schemas that TypeBox makes', () => {
  assert.equal(JSON.stringify(everything(T)), JSON.stringify(everything(TypeBox as unknown as typeof T)));
  const optionals = (B: typeof T) => B.Object({ a: B.Optional(B.String()), b: B.Optional(B.Unsafe<number>({ type: 'number' })) });
  assert.equal(JSON.stringify(optionals(T)), JSON.stringify(optionals(TypeBox as unknown as typeof T)));
});

test('every single-value schema of Weir is checked as TypeBox checks it', () => {
  const leaves = new Set<JsonSchema>();
  for (const owner of [registry, kinds, operations, processConfig]) collect(owner, leaves, new Set());
  assert.ok(leaves.size > 200, `${leaves.size} schemas`);
  const values = [null, true, 0, 1, -1, 1.5, 7, 2 ** 31, 1e300, NaN, Infinity, '', 'a', 'abc', 'Abc-1', '0', ' ', '堰', '\n', [], {}];
  const numbers = [...leaves]
    .flatMap((s) => [s['minimum'], s['maximum'], s['minLength'], s['maxLength']])
    .filter((n) => typeof n === 'number');
  const lengths = [...new Set(numbers)].flatMap((n) => [n - 1, n, n + 1]);
  const inputs = [...values, ...lengths, ...lengths.filter((n) => n >= 0 && n < 200_000).map((n) => 'z'.repeat(n))];
  for (const schema of leaves) {
    const [ours, theirs] = [leafCheck(schema), Compile(schema as never)];
    for (const input of inputs) {
      const said = theirs.Check(input) ? undefined : theirs.Errors(input)[0]?.message;
      assert.equal(ours(input)?.en, said, `${JSON.stringify(schema)} for ${JSON.stringify(input)?.slice(0, 50)}`);
    }
  }
});

test('a length is counted in characters, and a keyword that nobody checks is refused', () => {
  assert.equal(leafCheck({ type: 'string', maxLength: 1 })('😀'), undefined);
  assert.equal(leafCheck({ type: 'string', minLength: 2 })('😀')?.en, 'must not have fewer than 2 characters');
  assert.throws(() => leafCheck({ type: 'string', format: 'email' }), /keyword format/);
  assert.throws(() => leafCheck({ type: ['string', 'null'] }), /one type/);
});

/** Schemas of single values below `value`, wherever they stand. */
function collect(value: unknown, into: Set<JsonSchema>, seen: Set<unknown>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  const schema = value as JsonSchema;
  const single =
    ['string', 'integer', 'number', 'boolean', 'null'].includes(schema.type as string) || (schema.const ?? schema.enum) !== undefined;
  // A document's own example may look like a schema; ours carry only these words.
  if (
    single &&
    Object.keys(schema).every((key) => /^(type|const|enum|pattern|m(in|ax)(imum|Length)|description|default|examples|x-.*)$/.test(key))
  )
    into.add(schema);
  for (const child of value instanceof Map ? value.values() : Object.values(value)) collect(child, into, seen);
}
