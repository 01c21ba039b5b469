/** Aim: people's mistakes are told at once, with pointer and hint; values arrive in code's units. Method: table of inputs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, duration, help, secret, strictObject, T, variants } from './schema.ts';
import { readValue, visitFields } from './schema-read.ts';

const schema = strictObject({
  limit: T.Integer({ minimum: 1, ...help('Limit.', '上限。') }),
  window: duration({ default: '1m', 'x-maximum': '1h', ...help('Window.', '窗口。') }),
  size: T.Optional(bytes(help('Size.', '大小。'))),
  token: T.Optional(secret(help('Token.', '令牌。'))),
  steps: T.Array(variants([strictObject({ type: T.Literal('a'), x: T.String() }), strictObject({ type: T.Literal('b'), y: T.Number() })]), {
    default: [],
    maxItems: 2,
  }),
});

test('defaults are filled in and units become numbers', () => {
  const { value, errors } = readValue(schema, { limit: 3, size: '2KiB' });
  assert.deepEqual(errors, []);
  assert.deepEqual(value, { limit: 3, window: 60_000, size: 2048, steps: [] });
});

test('every mistake is told, each at its pointer', () => {
  const { errors } = readValue(schema, { limti: 3, window: '2h', size: 12, steps: [{ type: 'b', y: 'no' }, { type: 'c' }, {}] });
  const at = Object.fromEntries(errors.map((e) => [e.pointer, e.detail]));
  assert.match(at['/limti']!.en, /did you mean "limit"/);
  assert.deepEqual(at['/limit'], { en: 'is required', zh: '为必填项' });
  assert.match(at['/window']!.en, /at most 1h/);
  assert.match(at['/size']!.en, /must be a size/);
  assert.match(at['/steps']!.en, /at most 2/);
  assert.match(at['/steps/0/y']!.en, /number/);
  assert.match(at['/steps/1/type']!.en, /"c" is not known/);
  assert.match(at['/steps/2/type']!.en, /is required/);
});

test('where a word or an object may stand, the message names both', () => {
  const mode = T.Union([T.Literal('full'), strictObject({ incremental: strictObject({ cursor: T.String() }) })]);
  const said = (input: unknown) => readValue(mode, input).errors.map((e) => `${e.pointer} ${e.detail.en}`);
  assert.deepEqual(said('ful'), [' must be "full", or an object with "incremental"; got "ful"']);
  assert.deepEqual(said({ incremental: { cursor: 1 } }), ['/incremental/cursor must be string; got 1']);
});

test('a secret’s value never stands in a message', () => {
  const { errors } = readValue(schema, { limit: 1, token: 12345 });
  assert.equal(errors.length, 1);
  assert.doesNotMatch(errors[0]!.detail.en, /12345/);
});

test('members called __proto__ are ordinary unknown members', () => {
  const { errors } = readValue(schema, JSON.parse('{"limit":1,"__proto__":{"window":"9s"}}'));
  assert.equal(errors[0]?.pointer, '/__proto__');
  assert.equal(({} as Record<string, unknown>)['window'], undefined);
});

test('secrets are found wherever they stand', () => {
  const found: string[] = [];
  visitFields(schema as never, { limit: 1, token: 's' }, ({ schema: s, pointer }) => s['x-secret'] && found.push(pointer));
  assert.deepEqual(found, ['/token']);
});

test('a value of nothing but mistakes tells the first thousand, and that there are more', () => {
  const schema = T.Object({ list: T.Array(T.Integer()) }, { additionalProperties: false });
  for (const input of [
    { list: Array(5000).fill('x') },
    Object.fromEntries([['list', []], ...Array.from({ length: 5000 }, (_, i) => [`k${i}`, 1])]),
  ]) {
    const { errors } = readValue(schema, input);
    assert.equal(errors.length, 1001);
    assert.match(errors.at(-1)!.detail.en, /what follows was not read: there are 1000 mistakes before it/);
  }
  assert.equal(readValue(schema, { list: Array(1000).fill('x') }).errors.length, 1000);
});
