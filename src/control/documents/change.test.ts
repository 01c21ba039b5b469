/**
 * Aim: a form and its text are one document: a change at a pointer moves nothing else. Method: texts with comments,
 * quotes, blocks, flow and anchors; what is read back must be the old value with exactly the change.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeText, type TextChange } from './change.ts';
import { linesOf } from './parse.ts';

const TEXT = `# the orders route
---
apiVersion: weir/v1   # always
kind: Route
metadata: { name: orders, labels: { tier: "core" } } # short form
spec:
  # what it takes
  match:
    paths:
      - /orders/**   # all of it
      - '/old/**'
  upstream: crm      # where it goes

  bodyMax: 10MiB
`;

function change(text: string, ...changes: TextChange[]): { text: string; value: unknown } {
  const made = changeText(text, changes);
  assert.ok(made.ok, JSON.stringify(made));
  return { text: made.text, value: made.document?.value };
}

test('one plain value is replaced in its place: no other character moves', () => {
  assert.equal(change(TEXT, { pointer: '/spec/upstream', value: 'erp' }).text, TEXT.replace('upstream: crm', 'upstream: erp'));
  assert.equal(change(TEXT, { pointer: '/metadata/name', value: 'shop' }).text, TEXT.replace('name: orders', 'name: shop'));
  assert.deepEqual((change(TEXT, { pointer: '/metadata/labels/tier', value: 'a, b: {c}' }).value as { metadata: object }).metadata, {
    name: 'orders',
    labels: { tier: 'a, b: {c}' },
  });
  assert.equal(change(TEXT, { pointer: '/spec/bodyMax', value: 'yes: no # not a comment' }).text.match(/#/g)!.length, 7);
});

test('members are added and removed; comments and order stay', () => {
  const made = change(
    TEXT,
    { pointer: '/spec/match/paths/-', value: '/new/**' },
    { pointer: '/spec/match/methods', value: ['GET', 'POST'] },
    { pointer: '/spec/timeouts/idle', value: '5s' },
    { pointer: '/spec/bodyMax', remove: true },
    { pointer: '/spec/match/paths/1', remove: true },
  );
  for (const comment of ['# the orders route', '# always', '# short form', '# what it takes', '# all of it', '# where it goes'])
    assert.ok(made.text.includes(comment), `${comment}\n${made.text}`);
  assert.deepEqual(made.value, {
    apiVersion: 'weir/v1',
    kind: 'Route',
    metadata: { name: 'orders', labels: { tier: 'core' } },
    spec: { match: { paths: ['/orders/**', '/new/**'], methods: ['GET', 'POST'] }, upstream: 'crm', timeouts: { idle: '5s' } },
  });
});

test('several lines, an empty text, an emptied list, the whole document', () => {
  const sql = 'SELECT 1\nFROM t -- why\n';
  const made = change(TEXT, { pointer: '/spec/sql', value: sql });
  assert.match(made.text, /sql: \|\n {4}SELECT 1\n {4}FROM t -- why\n/);
  assert.equal(
    (change(made.text, { pointer: '/spec/sql', value: 'SELECT 2\n' }).value as { spec: { sql: string } }).spec.sql,
    'SELECT 2\n',
  );
  assert.equal(change('', { pointer: '/spec/a', value: 1 }).text, 'spec:\n  a: 1\n');
  assert.deepEqual(change('# only a comment\n', { pointer: '/a', value: null }).text, '# only a comment\na: null\n');
  assert.deepEqual(change('a: [1]\n', { pointer: '/a/0', remove: true }).value, { a: [] });
  assert.deepEqual(change('a: 1 # x\nb: 2\n', { pointer: '', value: { a: 3, c: [] } }).value, { a: 3, c: [] });
  assert.deepEqual(Object.keys(change('a: 1\n', { pointer: '/__proto__', value: { x: 1 } }).value as object), ['a', '__proto__']);
});

test('what cannot be done is refused with its place, and nothing is changed', () => {
  const refusal = (text: string, ...changes: TextChange[]) => {
    const made = changeText(text, changes);
    assert.ok(!made.ok, 'was accepted');
    return made.errors[0]!;
  };
  const value = 1;
  assert.match(refusal(TEXT, { pointer: 'spec', value }).detail.en, /no JSON pointer/);
  assert.match(refusal(TEXT, { pointer: '/spec/upstream/x', value }).detail.en, /neither an object nor a list/);
  assert.match(refusal(TEXT, { pointer: '/spec/match/paths/7', value }).detail.en, /no place in a list of 2/);
  const second = refusal(TEXT, { pointer: '/spec/a', value }, { pointer: '/spec/gone', remove: true });
  assert.deepEqual([second.pointer, /is not there/.test(second.detail.en)], ['/changes/1', true]);
  assert.equal(refusal('a: [\n', { pointer: '/a', value }).pointer, '/text');
  assert.match(refusal('a: 1\n---\nb: 2\n', { pointer: '/a', value }).detail.en, /2 documents/);
  const shared = 'a: &x { n: 1 }\nb: *x\n';
  assert.match(refusal(shared, { pointer: '/b/n', value }).detail.en, /anchor/);
  assert.match(refusal(shared, { pointer: '/a', remove: true }).detail.en, /anchor/);
  assert.match(refusal(shared, { pointer: '/a', value: 2 }).detail.en, /anchor/);
});

test('length times changes has a bound, told before anything is done', () => {
  const long = `spec:\n${Array.from({ length: 4000 }, (_, i) => `  k${i}: v\n`).join('')}`;
  const many = Array.from({ length: 500 }, () => ({ pointer: '/spec/k1', value: 'w' }));
  const made = changeText(long, many);
  assert.ok(!made.ok);
  assert.deepEqual([made.errors[0]!.pointer, /too much at once/.test(made.errors[0]!.detail.en)], ['/changes/0', true]);
  const growing = changeText('', [{ pointer: '/a', value: 'x'.repeat(3000) }, ...many]);
  assert.ok(!growing.ok);
  assert.equal(growing.errors[0]!.pointer, '/changes/1', 'what a change makes longer counts for those after it');
});

test('every pointer has its line', () => {
  const made = changeText(TEXT, []);
  assert.ok(made.ok && made.document);
  const lines = linesOf(made.document);
  assert.deepEqual([lines['/kind'], lines['/spec/match'], lines['/spec/match/paths/1'], lines['/spec/bodyMax']], [4, 8, 11, 14]);
});

test('lists and maps in brackets that no change touches keep their blanks', () => {
  const text = 'spec:\n  tags: [a, b]\n  auth: [{ type: api-key }] # by key\n  page: {size: 5, sort: [id]}\n  sql: |\n    SELECT 1\n';
  const sql = changeText(text, [{ pointer: '/spec/sql', value: 'SELECT 1\nFROM t\n' }]);
  assert.ok(sql.ok);
  assert.equal(sql.text, text.replace('SELECT 1\n', 'SELECT 1\n    FROM t\n'));
  const inner = changeText(text, [{ pointer: '/spec/page/more', value: [1] }]);
  assert.ok(inner.ok);
  assert.equal(inner.text, text.replace('{size: 5, sort: [id]}', '{ size: 5, sort: [id], more: [ 1 ] }'));
});
