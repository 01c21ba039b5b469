/** Aim: edits change what they must and not a character more. Method: texts before and after; seeded merges read back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import { replaceScalars, writeDocument, writeEnabled } from './edit.ts';
import { parseDocuments } from './parse.ts';
import { unifiedDiff } from './text-diff.ts';

const placesOf = (text: string) => parseDocuments(text)[0]!.places;
const valueOf = (text: string) => parseDocuments(text)[0]!.value;

test('scalars of every style are replaced in place', () => {
  const text = 'a: plain # c1\nb: "double" # c2\nc: \'single\'\nd: |\n  block\n  lines\ne: {f: flow, g: [x, "y"]}\nlast: end';
  const edits = new Map(['/a', '/b', '/c', '/d', '/e/f', '/e/g/1', '/last'].map((pointer) => [pointer, `new${pointer}`]));
  const after = replaceScalars(text, placesOf(text), edits);
  assert.equal(after, 'a: "new/a" # c1\nb: "new/b" # c2\nc: "new/c"\nd: "new/d"\ne: {f: "new/e/f", g: [x, "new/e/g/1"]}\nlast: "new/last"');
});

test('enabled is set without touching another line', () => {
  const text = 'kind: A # c\nmetadata: {name: x}\n# about\nspec: {}\n';
  assert.equal(writeEnabled(text, placesOf(text), false), text.replace('spec:', 'enabled: false\nspec:'));
  const off = text.replace('spec:', 'enabled: false # for now\nspec:');
  assert.equal(writeEnabled(off, placesOf(off), true), off.replace('false', 'true'));
  const json = '{"kind": "A", "spec": {}}\n';
  assert.deepEqual(valueOf(writeEnabled(json, placesOf(json), false)), { kind: 'A', spec: {}, enabled: false });
});

test('a merged document keeps comments, order and the words of what stayed', () => {
  const old = '# top\nkind: A\nspec:\n  # first\n  a: 0x10 # hex\n  list:\n    - one # 1\n    - two\n  gone: 1\n';
  const after = writeDocument({ kind: 'A', spec: { a: 16, list: ['one', 'three', 'four'], more: { x: 1 } } }, old);
  assert.equal(
    after,
    '# top\nkind: A\nspec:\n  # first\n  a: 0x10 # hex\n  list:\n    - one # 1\n    - three\n    - four\n  more:\n    x: 1\n',
  );
});

test('whatever is merged into whatever reads back as asked for', () => {
  const random = seededRandom(3);
  const pick = <V>(items: readonly V[]): V => items[random.integer(items.length)]!;
  const make = (depth: number): unknown => {
    const kind = depth > 3 ? 0 : random.integer(4);
    if (kind === 1) return Array.from({ length: random.integer(4) }, () => make(depth + 1));
    if (kind === 2) return object(depth);
    return pick([
      1,
      -2.5,
      true,
      null,
      '',
      'text',
      'yes',
      '1',
      '# no',
      ': x',
      '- y',
      'a\nb',
      '{',
      '${kept:1}',
      ' 空 格 ',
      '0x10',
      '~',
      'null',
    ]);
  };
  const object = (depth: number): Record<string, unknown> =>
    Object.fromEntries(
      Array.from({ length: random.integer(5) }, () => [pick(['a', 'b', 'c c', '1', 'null', 'x:y', '__proto__']), make(depth + 1)]),
    );
  let text: string | undefined;
  for (let round = 0; round < 400; round++) {
    const value = { kind: 'A', ...object(0) };
    text = writeDocument(value, round % 7 === 0 ? undefined : text);
    assert.deepEqual(valueOf(text), JSON.parse(JSON.stringify(value)), text);
  }
});

test('diffs apply: removed and added lines turn one text into the other', () => {
  const random = seededRandom(5);
  const make = () => Array.from({ length: random.integer(30) }, () => `line ${random.integer(6)}\n`).join('');
  for (let round = 0; round < 200; round++) {
    const [a, b] = [make(), make()];
    const diff = unifiedDiff(a, b);
    assert.equal(patch(a, diff), b, `${a}=>\n${b}\n${diff}`);
  }
  assert.equal(unifiedDiff('x\n', 'x\n'), '');
  assert.equal(unifiedDiff('a\nb\nc\n', 'a\nB\nc\n', 'v1', 'v2'), '--- v1\n+++ v2\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n');
});

/** Carries out a unified diff. */
function patch(text: string, diff: string): string {
  const source = text === '' ? [] : text.slice(0, -1).split('\n');
  const result: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),(\d+)/.exec(line);
    if (hunk) {
      const start = Number(hunk[1]) - (hunk[2] === '0' ? 0 : 1);
      while (at < start) result.push(source[at++]!);
    } else if (line.startsWith('+')) result.push(line.slice(1));
    else if (line.startsWith('-')) at++;
    else result.push(source[at++]!);
  }
  result.push(...source.slice(at));
  return result.map((line) => `${line}\n`).join('');
}
