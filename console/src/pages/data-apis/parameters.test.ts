/** Aim: what is found becomes what the document says, and nothing typed is lost. Method: specs with found and declared parameters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declareAll, declareChange, exampleOf, parameterRows, trialValues, typeName, withType, withValue } from './parameters.ts';

const spec = {
  path: '/orders/{id}',
  sql: 'SELECT 1 WHERE a = #{id}\n AND b = #{from}',
  parameters: { gone: { schema: { type: 'integer' } }, from: { in: 'header', required: true, schema: { type: 'string', format: 'date' } } },
} as const;

test('declared ones come first, found ones after, each with where it stands', () => {
  const rows = parameterRows(spec, [{ name: 'id', inferred: 'int8', schema: { type: 'integer' } }]);
  assert.deepEqual(
    rows.map((r) => [r.name, r.declared, r.in, r.required, r.lines, r.inferred, typeName(r.schema)]),
    [
      ['gone', true, 'query', false, [], undefined, 'integer'],
      ['from', true, 'header', true, [2], undefined, 'date'],
      ['id', false, 'path', true, [1], 'int8', 'integer'],
    ],
  );
  assert.deepEqual(declareAll(rows), [{ pointer: '/spec/parameters/id', value: { in: 'path', schema: { type: 'integer' } } }]);
  assert.deepEqual(declareChange(rows[1]!, { description: 'since' }).pointer, '/spec/parameters/from');
});

test('values take the type of their parameter; what does not fit stays as typed, for the server to refuse', () => {
  assert.deepEqual(withValue({ type: 'integer' }, 'examples', '7'), { type: 'integer', examples: [7] });
  assert.deepEqual(withValue({ type: 'integer' }, 'default', '9007199254740993'), { type: 'integer', default: '9007199254740993' });
  assert.deepEqual(withValue({ type: 'number' }, 'default', 'x'), { type: 'number', default: 'x' });
  assert.deepEqual(withValue({ type: 'boolean', default: true }, 'default', ''), { type: 'boolean' });
  assert.deepEqual(withValue({ type: 'string' }, 'examples', '007'), { type: 'string', examples: ['007'] });
  assert.equal(exampleOf({ examples: [0] }), '0');
  assert.deepEqual(withType('date'), { type: 'string', format: 'date' });
  assert.deepEqual(trialValues(parameterRows({ sql: '#{a} #{b}', parameters: { a: { schema: { type: 'integer', examples: [3] } } } })), {
    a: '3',
  });
});
