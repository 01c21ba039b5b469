/** Aim: no digit is lost on the way to the eye. Method: numbers beyond 2^53, trailing zeros, texts that look like JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonRows, prettyJson } from './exact-json.ts';

test('digits and texts stay as they were sent', () => {
  const text = '[{"id":9223372036854775807,"price":10.50,"n":-0,"t":"},{\\"1\\"","x":null,"o":{"a":1e400}}]';
  const pretty = prettyJson(text);
  assert.match(pretty, /"id": 9223372036854775807,\n/);
  assert.match(pretty, /"price": 10\.50,/);
  assert.match(pretty, /"a": 1e400/);
  assert.equal(prettyJson(pretty), pretty);
  assert.deepEqual(
    JSON.parse(pretty).map((row: { t: string }) => row.t),
    ['},{"1"'],
  );
});

test('rows show numbers exactly, and one object is one row', () => {
  const [row] = jsonRows('[{"id":9223372036854775807,"price":10.50,"n":7}]');
  assert.deepEqual(row, { id: '9223372036854775807', price: '10.50', n: 7 });
  assert.deepEqual(jsonRows('{"a":true}'), [{ a: true }]);
  assert.deepEqual(jsonRows('[]'), []);
});

test('what is no JSON is shown as it is', () => {
  assert.equal(prettyJson('not json'), 'not json');
  assert.equal(prettyJson(''), '');
});
