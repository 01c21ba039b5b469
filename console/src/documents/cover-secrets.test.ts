/**
 * Aim: a draft holds what was typed at once, and never a secret. Method: documents as people type them; where lines cannot
 * tell, nothing is answered.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonSchema } from '../forms/schema.ts';
import { coverSecrets, mayTellSecret, secretNames } from './cover-secrets.ts';

const secret = { type: 'string', 'x-secret': true };
const schema: JsonSchema = {
  anyOf: [
    { type: 'object', properties: { type: { const: 'a' }, password: secret } },
    { type: 'object', properties: { tls: { type: 'object', properties: { key: secret, ca: { type: 'string' } } } } },
  ],
};
const names = secretNames(schema);
const SECRET = 'hunter2';

test('names of secrets are found in every alternative; a record of secrets has no names', () => {
  assert.deepEqual([...names!].sort(), ['key', 'password']);
  assert.equal(secretNames({ type: 'object', additionalProperties: secret }), undefined);
  assert.equal(secretNames({ type: 'array', items: secret }), undefined);
  assert.deepEqual(secretNames({ type: 'object', properties: { name: { type: 'string' } } }), new Set());
});

test('plain values go, all else stays as typed', () => {
  const text = (value: string) => `spec:\n  host: db   # password of the host\n  password: ${value}\n  monkey: b\n  user: ke`;
  for (const value of [SECRET, `"${SECRET}"`, `'it''s ${SECRET}' # now`, `"a \\" ${SECRET}"`])
    assert.equal(coverSecrets(text(value), names), text('""'), value);
  for (const value of ['', '# later', '${secret:db}', '"${kept:ab12}"']) assert.equal(coverSecrets(text(value), names), text(value), value);
  assert.equal(coverSecrets(`- password: ${SECRET}\n- host: b`, names), '- password: ""\n- host: b');
  assert.equal(coverSecrets(`a:\n  - password: ${SECRET}\n    host: b`, names), 'a:\n  - password: ""\n    host: b');
  assert.equal(coverSecrets(`password: ${SECRET}`, new Set()), `password: ${SECRET}`);
});

test('where the lines cannot tell, nothing is answered', () => {
  for (const text of [
    `spec: { host: a, password: ${SECRET} }`,
    `spec: {"password": "${SECRET}"}`,
    `password: |\n  ${SECRET}`,
    `password:\n  ${SECRET}`,
    `password: first\n  ${SECRET}`,
    `password: "first\n${SECRET}"`,
    `password: &p ${SECRET}`,
    `password: *p`,
    `password: !!str ${SECRET}`,
    `? password\n: ${SECRET}`,
  ])
    assert.equal(coverSecrets(text, names), undefined, text);
  assert.equal(coverSecrets('host: a', undefined), undefined);
  assert.equal(coverSecrets('spec: { host: a, password: "${kept:ab}" }', names), 'spec: { host: a, password: "${kept:ab}" }');
});

test('what is typed and not left is kept only when it names no secret, in whatever half of JSON', () => {
  const told = (value: unknown) => mayTellSecret({ pointer: '/spec/x', value }, names);
  assert.equal(told({ a: { host: 'b' } }), false);
  assert.equal(told('{"host": "b", '), false);
  assert.equal(told({ a: { password: SECRET } }), true);
  assert.equal(told(`{"password": "${SECRET}`), true);
  assert.equal(mayTellSecret({ pointer: '/spec/x', remove: true }, names), false);
  assert.equal(mayTellSecret({ pointer: '/spec/x', value: 'a' }, undefined), true);
});
