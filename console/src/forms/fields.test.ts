/**
 * Aim: a form shows what a schema means and loses nothing it does not know. Method: small schemas in the words of our
 * kinds, then every schema of this build.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { applyChange, valueAt } from './change.ts';
import { chosenVariant, fieldsOf, fits, startValue, unknownMembers, variantName } from './fields.ts';
import { problemsIn, problemsOfObject } from './problems.ts';
import { below, isObject, type JsonSchema, widgetOf } from './schema.ts';
import { isKept, secretName } from './secrets.ts';
import { durationMs, sizeBytes, unitFault } from './units.ts';

test('required, advanced and fixed members of an object', () => {
  const schema: JsonSchema = {
    type: 'object',
    required: ['type', 'host', 'port', 'poolMax'],
    properties: {
      type: { const: 'mysql' },
      host: { type: 'string' },
      port: { type: 'integer', default: 3306 },
      poolMax: { type: 'integer', default: 8 },
      tls: { type: 'object', default: {}, properties: { mode: { enum: ['a'], default: 'a' } } },
      note: { type: 'string', 'x-advanced': true },
    },
  };
  const seen = fieldsOf(schema).map(({ name, required, advanced }) => `${name}${required ? '!' : ''}${advanced ? '+' : ''}`);
  assert.deepEqual(seen, ['host!', 'port', 'poolMax+', 'tls', 'note+']);
});

test('optional groups are sections where there are many; what the schema requires is none', () => {
  const group: JsonSchema = { type: 'object', properties: { a: { type: 'string' } } };
  const sections = (...names: string[]) =>
    fieldsOf({
      type: 'object',
      required: ['main'],
      properties: Object.fromEntries([...names, 'main', 'plain'].map((name) => [name, name === 'plain' ? { type: 'string' } : group])),
    })
      .filter(({ section }) => section)
      .map(({ name }) => name);
  assert.deepEqual(sections('b', 'c', 'd', 'e'), ['b', 'c', 'd', 'e']);
  assert.deepEqual(sections('b', 'c', 'd'), []);
  assert.deepEqual(sections('b', 'c', 'd', 'e', 'mode'), ['b', 'c', 'd', 'e']);
});

test('own keywords choose the widget before the shape does', () => {
  assert.equal(widgetOf({ type: 'string', 'x-secret': true }), 'secret');
  assert.equal(widgetOf({ type: 'string', 'x-duration': true, pattern: 'x' }), 'duration');
  assert.equal(widgetOf({ type: 'string', 'x-ref': 'Plan' }), 'ref');
  assert.equal(widgetOf({ type: 'string', maxLength: 100_000 }), 'long-text');
  assert.equal(widgetOf({ type: 'object', additionalProperties: { type: 'string' } }), 'record');
  assert.equal(widgetOf({ type: 'object' }), 'raw');
  assert.equal(widgetOf({ anyOf: [{ type: 'string' }, { type: 'object' }] }), 'variant');
});

const target: JsonSchema = {
  anyOf: [
    { type: 'object', required: ['url'], properties: { url: { type: 'string' }, weight: { type: 'integer' } } },
    { type: 'object', required: ['host', 'port'], properties: { host: { type: 'string' }, port: { type: 'integer', default: 80 } } },
  ],
};
const typed: JsonSchema = {
  'x-discriminator': 'type',
  anyOf: ['a', 'b'].map((id) => ({ type: 'object', title: id, required: ['type'], properties: { type: { const: id } } })),
};

test('the variant of a value is found by its type, its shape, or what is nearest', () => {
  assert.equal(chosenVariant(target, { url: 'http://x' }), 0);
  assert.equal(chosenVariant(target, { host: 'x', port: 1 }), 1);
  assert.equal(chosenVariant(target, { host: 'x', odd: 1 }), 1);
  assert.equal(chosenVariant(target, 'text'), -1);
  assert.equal(chosenVariant(typed, { type: 'b', more: 1 }), 1);
  assert.equal(chosenVariant(typed, { type: 'gone' }), -1);
  const mode: JsonSchema = { anyOf: [{ const: 'full' }, { type: 'object', required: ['incremental'], properties: { incremental: {} } }] };
  assert.equal(chosenVariant(mode, 'full'), 0);
  assert.equal(chosenVariant(mode, { incremental: {} }), 1);
  assert.deepEqual(target.anyOf!.map(variantName), ['url', 'host']);
});

test('a value the form does not understand does not fit, and is never taken for another', () => {
  assert.equal(fits({ type: 'integer' }, '${env:PORT}'), false);
  assert.equal(fits({ type: 'integer' }, 5), true);
  assert.equal(fits({ enum: ['a'] }, 'b'), false);
  assert.equal(fits({ type: 'array', items: {} }, {}), false);
  assert.equal(fits(typed, { type: 'gone' }), false);
  assert.deepEqual(unknownMembers({ properties: { a: {} } }, { a: 1, b: 2 }), ['b']);
});

test('a start holds what is required and no default', () => {
  assert.deepEqual(startValue(target), { url: '' });
  assert.deepEqual(startValue(typed), { type: 'a' });
  assert.equal(startValue({ type: 'integer', minimum: 1, examples: [100] }), 100);
  assert.deepEqual(startValue({ type: 'array', minItems: 1, items: { type: 'string' } }), ['']);
});

test('changes at pointers, the old value untouched', () => {
  const before = { a: [{ b: 1 }, 2], 'x/y~': 3 };
  assert.deepEqual(applyChange(before, { pointer: '/a/0/b', value: 9 }), { a: [{ b: 9 }, 2], 'x/y~': 3 });
  assert.deepEqual(applyChange(before, { pointer: '/a/-', value: 9 }), { a: [{ b: 1 }, 2, 9], 'x/y~': 3 });
  assert.deepEqual(applyChange(before, { pointer: '/a/0', remove: true }), { a: [2], 'x/y~': 3 });
  assert.deepEqual(applyChange(before, { pointer: below('', 'x/y~'), remove: true }), { a: [{ b: 1 }, 2] });
  assert.deepEqual(applyChange(undefined, { pointer: '/p/q', value: 1 }), { p: { q: 1 } });
  assert.equal(applyChange(before, { pointer: '/none/q', remove: true }), before);
  assert.equal(valueAt(before, '/a/0/b'), 1);
  assert.equal(valueAt(before, '/a/7/b'), undefined);
  assert.deepEqual(before, { a: [{ b: 1 }, 2], 'x/y~': 3 });
});

test('problems stand at the deepest place that is drawn', () => {
  const problems = ['/spec', '/spec/host', '/spec/tls/mode', '/spec/odd'].map((pointer) => ({ pointer, detail: pointer }));
  assert.deepEqual(
    problemsOfObject(problems, '/spec', ['host', 'tls']).map((one) => one.pointer),
    ['/spec', '/spec/odd'],
  );
  assert.deepEqual(
    problemsIn(problems, '/spec/tls').map((one) => one.pointer),
    ['/spec/tls/mode'],
  );
});

test('durations, sizes and their bounds', () => {
  assert.equal(durationMs('1h30m'), 5_400_000);
  assert.equal(durationMs('90'), undefined);
  assert.equal(sizeBytes('1.5KiB'), 1536);
  assert.equal(unitFault('10', 'duration'), 'form');
  assert.equal(unitFault('10ms', 'duration', '100ms'), 'small');
  assert.equal(unitFault('65MiB', 'bytes', '1KiB', '64MiB'), 'large');
  assert.equal(unitFault('${env:WAIT}', 'duration'), undefined);
});

test('secrets as documents show them', () => {
  assert.equal(isKept('${kept:0123456789abcdef0123456789abcdef}'), true);
  assert.equal(isKept('kept'), false);
  assert.equal(secretName('${secret:warehouse-password}'), 'warehouse-password');
  assert.equal(secretName('x${secret:a}'), undefined);
});

test('every field of every schema of this build has a widget that suits its own default', () => {
  const file = new URL('../../../generated/weir.schema.json', import.meta.url);
  let seen = 0;
  const walk = (schema: unknown): void => {
    if (Array.isArray(schema)) return schema.forEach(walk);
    if (!isObject(schema)) return;
    for (const field of isObject(schema['properties']) ? fieldsOf(schema as JsonSchema) : []) {
      seen++;
      assert.ok(fits(field.schema, field.schema.default), field.name);
      assert.ok(!(field.required && field.advanced), field.name);
    }
    Object.values(schema).forEach(walk);
  };
  walk(JSON.parse(fs.readFileSync(file, 'utf8')));
  assert.ok(seen > 100, String(seen));
});
