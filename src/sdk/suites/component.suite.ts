/** What every kind's suite tries of a description: texts in both languages, fields described, examples valid, secrets marked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonSchema } from '../../base/schema.ts';
import { readValue } from '../../base/schema-read.ts';
import type { Component } from '../component.ts';

const HAN = /\p{Script=Han}/u;
const SECRET_NAME = /(password|secret|token|private.?key|passphrase)$/i;

/** Declares the tests of a component's description. */
export function componentSuite(component: Component): void {
  const { id } = component;
  test(`${id}: names itself in both languages`, () => {
    assert.match(id, /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    for (const text of [component.title, component.summary, ...component.examples.map((e) => e.title)]) {
      assert.ok(text.en.length > 0 && HAN.test(text.zh), `"${text.en}" lacks a Chinese text`);
    }
    for (const [name, spec] of Object.entries(component.problems)) {
      assert.match(name, /^[a-z][a-z0-9-]*$/);
      assert.ok(spec.status >= 400 && spec.status <= 599, `${name} has status ${spec.status}`);
      for (const text of [spec.title, spec.detail ?? spec.title])
        assert.ok(text.en.length > 0 && HAN.test(text.zh), `problem ${name}: "${text.en}"`);
    }
  });
  test(`${id}: every field is named and described in both languages, and secrets are marked`, () => {
    for (const [pointer, field] of fieldsOf(component.config as unknown as JsonSchema)) {
      assert.ok(field.description, `${pointer} has no description`);
      assert.match(String(field['x-zh'] ?? ''), HAN, `${pointer} has no Chinese description`);
      assert.ok(field['x-zh-title'], `${pointer} has no Chinese name: the third argument of help()`);
      if (SECRET_NAME.test(pointer)) assert.ok(field['x-secret'], `${pointer} looks like a secret and is not marked secret()`);
      if (field['x-secret']) assert.equal(field.default, undefined, `${pointer} is a secret with a default`);
    }
  });
  test(`${id}: every example is valid, and an unknown field is refused`, () => {
    assert.ok(component.examples.length > 0, 'needs at least one example');
    for (const example of component.examples) {
      assert.deepEqual(readValue(component.config, example.config).errors, [], example.title.en);
      const wrong = readValue(component.config, { ...example.config, 'no-such-field': 1 });
      assert.equal(wrong.errors[0]?.pointer, '/no-such-field');
    }
  });
}

/** Every named field of a schema with its pointer, depth first. */
export function* fieldsOf(schema: JsonSchema, at = ''): Generator<[string, JsonSchema]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield [`${at}/${name}`, field];
    yield* fieldsOf(field, `${at}/${name}`);
  }
  for (const option of schema.anyOf ?? []) yield* fieldsOf(option, at);
  if (schema.items) yield* fieldsOf(schema.items, `${at}/*`);
}
