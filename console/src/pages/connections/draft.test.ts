/** Aim: what is kept in the browser holds no secret, and a draft of another type or shape is not taken. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentOf, keptOf, readDraft, variantFor, withoutSecrets } from './draft.ts';

const schema = {
  type: 'object',
  properties: {
    type: { const: 'postgres' },
    host: { type: 'string' },
    password: { type: 'string', 'x-secret': true },
    tls: { type: 'object', properties: { key: { type: 'string', 'x-secret': true }, mode: { type: 'string' } } },
  },
};

test('secrets leave the draft, also below; names of Secrets stay', () => {
  const typed = { type: 'postgres', host: 'db', password: 'hunter2', tls: { key: 'pem', mode: 'require' }, other: 1 };
  assert.deepEqual(withoutSecrets(schema, typed), { type: 'postgres', host: 'db', tls: { mode: 'require' }, other: 1 });
  assert.deepEqual(withoutSecrets(schema, { password: '${secret:erp}' }), { password: '${secret:erp}' });
  assert.deepEqual(withoutSecrets(schema, { password: '${kept:0123}' }), {});
});

test('what is typed and not left is kept with the rest, unless it may be a secret', () => {
  const draft = { name: 'erp', description: '', spec: { type: 'postgres', password: 'hunter2', columns: { a: 'text' } } };
  const held = [
    { pointer: '/spec/columns', value: { ab: 'text' } },
    { pointer: '/spec/tls', value: '{"key": "pem' },
  ];
  assert.deepEqual(keptOf(draft, held, schema).spec, { type: 'postgres', columns: { ab: 'text' } });
});

test('a draft comes back only as what it was', () => {
  const draft = { name: 'erp', description: '', spec: { type: 'postgres', host: 'db' } };
  assert.deepEqual(readDraft(JSON.stringify(draft), 'postgres'), draft);
  for (const text of [null, '{', 'null', '[]', JSON.stringify({ ...draft, spec: null })])
    assert.equal(readDraft(text, 'postgres'), undefined);
  assert.equal(readDraft(JSON.stringify(draft), 'mysql'), undefined);
  assert.equal(variantFor({ anyOf: [schema] }, 'postgres'), schema);
  assert.equal(variantFor({ anyOf: [schema] }, 'mysql'), undefined);
});

test('the document names project and description when they say something', () => {
  const draft = { name: 'erp', description: 'x', spec: { type: 'postgres' } };
  assert.deepEqual((documentOf(draft, 'crm') as { metadata: unknown }).metadata, { name: 'erp', project: 'crm', description: 'x' });
  assert.deepEqual((documentOf({ ...draft, description: '' }, 'default') as { metadata: unknown }).metadata, { name: 'erp' });
});
