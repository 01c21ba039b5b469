/**
 * Aim: each pointer the server may answer leads to words and to a field of the builder. Method: pointers as they come; the
 * fields' ids stand in the panels.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { mistakePlace } from './mistake-place.ts';

test('parameters are named, and their own field is the one to mend', () => {
  const value = mistakePlace('/values/id')!;
  assert.deepEqual([value.name, value.panel, value.field], ['id', 'parameters', 'api-parameter-id-example']);
  assert.equal(mistakePlace('/parameters/id/schema/type')!.field, 'api-parameter-id-type');
  assert.equal(mistakePlace('/spec/parameters/a~1b~0c')!.name, 'a/b~c');
});

test('what is no parameter leads to its field, in spec or in the whole document; the rest has none', () => {
  assert.equal(mistakePlace('/sql')!.field, 'api-sql');
  assert.deepEqual([mistakePlace('/page/sort')!.field, mistakePlace('/page/sort')!.panel], ['api-sort', 'settings']);
  assert.equal(mistakePlace('/spec/page/sort/0')!.field, 'api-sort');
  assert.equal(mistakePlace('/spec/page')!.field, 'api-paged');
  assert.equal(mistakePlace('/metadata/name')!.field, 'api-name');
  for (const pointer of ['', '/spec', '/pathological', '/metadata/labels/x']) assert.equal(mistakePlace(pointer), undefined, pointer);
});

test('every field that is named stands in the builder', () => {
  const panels = ['builder-columns.tsx', 'settings-panel.tsx']
    .map((file) => readFileSync(path.join(import.meta.dirname, file), 'utf8'))
    .join('');
  const own = readFileSync(path.join(import.meta.dirname, 'mistake-place.ts'), 'utf8');
  const ids = [...own.matchAll(/'(api-[a-zA-Z]+)'/g)].map((match) => match[1]!);
  assert.ok(ids.length >= 12);
  for (const id of ids) {
    const last = id.slice('api-'.length);
    assert.ok(panels.includes(`id="${id}"`) || (panels.includes('id={`api-${name}`}') && panels.includes(`'${last}'`)), id);
  }
});
