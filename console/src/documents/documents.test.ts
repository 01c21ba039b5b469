/**
 * Aim: nothing typed is lost and nothing is made twice. Method: the document with a server of the test's own that
 * answers when told; three-way merges by example; drafts in a store made of a map.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyChange, type Change } from '../forms/change.ts';
import { openDocument } from './document-store.ts';
import { dropDraft, keepDraft, readDraft } from './draft.ts';
import { mergedText, mergeTexts } from './merge.ts';
import type { JsonSchema } from '../forms/schema.ts';
import { secretPointers } from './secret-pointers.ts';

/** A server whose texts are JSON; it answers one request per `answer()`. */
function world(text: string) {
  const asked: { text: string; changes: readonly Change[]; go: (failure?: Error) => void }[] = [];
  const document = openDocument({
    text,
    edit: (sent, changes) =>
      new Promise((done, fail) => {
        const value = changes.reduce(applyChange, JSON.parse(sent) as unknown);
        asked.push({
          text: sent,
          changes,
          go: (failure) => (failure ? fail(failure) : done({ text: JSON.stringify(value), value, problems: [] })),
        });
      }),
    isRefusal: (failure) => (failure as Error).message === 'refused',
    later: () => () => {},
  });
  return { document, asked };
}
const turn = () => new Promise((done) => setImmediate(done));

test('changes made while a request is away are shown at once and sent after it', async () => {
  const { document, asked } = world('{"a":1}');
  const done = document.settle();
  document.change({ pointer: '/b', value: 2 });
  assert.deepEqual(document.view().waiting.length, 1);
  asked[0]!.go();
  await turn();
  assert.deepEqual(document.view().value, { a: 1, b: 2 });
  assert.deepEqual(asked[0]!.changes, []);
  asked[1]!.go();
  assert.equal(await done, true);
  assert.equal(document.view().text, '{"a":1,"b":2}');
  assert.equal(document.view().settled, true);
  assert.equal(asked.length, 2);
});

test('a text written while a change is away wins, and the change is made in it once', async () => {
  const { document, asked } = world('{"a":1}');
  document.change({ pointer: '/b', value: 2 });
  const done = document.settle();
  document.write('{"c":3}');
  asked[0]!.go();
  await turn();
  asked[1]!.go();
  await done;
  assert.equal(document.view().text, '{"c":3,"b":2}');
});

test('an unreachable server keeps changes waiting; settling again makes them', async () => {
  const { document, asked } = world('{"a":1}');
  document.change({ pointer: '/a', value: 5 });
  const first = document.settle();
  asked[0]!.go(new Error('gone'));
  assert.equal(await first, false);
  assert.equal((document.view().failure as Error).message, 'gone');
  assert.deepEqual(document.view().value, { a: 5 });
  const second = document.settle();
  asked[1]!.go();
  assert.equal(await second, true);
  assert.equal(document.view().text, '{"a":5}');
  assert.equal(document.view().failure, undefined);
});

test('a refused change is given up and said; the text stays', async () => {
  const { document, asked } = world('{"a":1}');
  document.change({ pointer: '/a', value: 5 });
  const first = document.settle();
  asked[0]!.go(new Error('refused'));
  await turn();
  asked[1]!.go();
  assert.equal(await first, false);
  const { waiting, text, value, settled, failure } = document.view();
  assert.deepEqual({ waiting, text, value, settled }, { waiting: [], text: '{"a":1}', value: { a: 1 }, settled: true });
  assert.equal((failure as Error).message, 'refused');
});

test('removing what is not there asks nobody', () => {
  const { document } = world('{"a":1}');
  document.change({ pointer: '/b', remove: true });
  assert.deepEqual(document.view().waiting, []);
});

test('three versions: one side’s changes are taken, both sides’ wait for a choice', () => {
  const base = 'a\nb\nc\nd\ne';
  assert.equal(mergedText(mergeTexts(base, 'a\nB\nc\nd\ne', 'a\nb\nc\nd\nE\nf')), 'a\nB\nc\nd\nE\nf');
  assert.equal(mergedText(mergeTexts(base, base, 'c\nd\ne')), 'c\nd\ne');
  assert.equal(mergedText(mergeTexts(base, 'a\nX\nc\nd\ne', 'a\nX\nc\nd\ne')), 'a\nX\nc\nd\ne');
  const chunks = mergeTexts(base, 'a\nmine\nc\nd\ne', 'a\nhers\nc\nd\nE');
  assert.equal(mergedText(chunks), undefined);
  const place = chunks.findIndex((chunk) => chunk.kind === 'changed' && chunk.choice === undefined);
  assert.equal(mergedText(chunks, new Map([[place, 'yours']])), 'a\nmine\nc\nd\nE');
  assert.equal(mergedText(chunks, new Map([[place, 'theirs']])), 'a\nhers\nc\nd\nE');
  assert.equal(mergedText(mergeTexts('', 'x', '')), 'x');
});

test('whichever side is chosen throughout is that side’s text, for many made-up texts', () => {
  let seed = 7;
  const next = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const text = () => Array.from({ length: next(9) }, () => 'abcd'[next(4)]).join('\n');
  for (let i = 0; i < 2000; i++) {
    const [base, yours, theirs] = [text(), text(), text()];
    const chunks = mergeTexts(base, yours, theirs);
    for (const [side, whole] of [
      ['yours', yours],
      ['theirs', theirs],
    ] as const) {
      const all = new Map(chunks.map((_, index) => [index, side]));
      assert.equal(mergedText(chunks, all), whole, JSON.stringify([base, yours, theirs]));
    }
  }
});

function memory(): Storage {
  const kept = new Map<string, string>();
  return {
    get length() {
      return kept.size;
    },
    key: (i) => [...kept.keys()][i] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
    clear: () => kept.clear(),
  };
}

test('drafts come back, are few and small, and a broken one is none', () => {
  const storage = memory();
  for (let i = 0; i < 25; i++) assert.equal(keepDraft(storage, `d${i}`, { at: i, text: 't', changes: [] }), true);
  assert.equal(storage.length, 20);
  assert.equal(readDraft(storage, 'd4'), undefined);
  assert.equal(readDraft(storage, 'd24')?.text, 't');
  assert.equal(keepDraft(storage, 'big', { at: 1, text: 'x'.repeat(400_000), changes: [] }), false);
  dropDraft(storage, 'd24');
  assert.equal(readDraft(storage, 'd24'), undefined);
  storage.setItem('weir.draft.odd', '{"text":1}');
  assert.equal(readDraft(storage, 'odd'), undefined);
});

test('secrets in the clear are found wherever they stand', () => {
  const secret = { type: 'string', 'x-secret': true };
  const schema: JsonSchema = {
    'x-discriminator': 'type',
    anyOf: [
      {
        type: 'object',
        properties: {
          type: { const: 'a' },
          password: secret,
          list: { type: 'array', items: { type: 'object', properties: { k: secret } } },
        },
      },
      { type: 'object', properties: { type: { const: 'b' }, password: { type: 'string' } } },
    ],
  };
  assert.deepEqual(secretPointers(schema, { type: 'a', password: 'x', list: [{ k: 'y' }, { k: '${secret:z}' }] }, '/spec'), [
    '/spec/password',
    '/spec/list/0/k',
  ]);
  assert.deepEqual(secretPointers(schema, { type: 'b', password: 'x' }, '/spec'), []);
});
