/** Aim: the small values everything stands on. Method: known vectors, properties over seeded random input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from './clock.ts';
import { idGenerator, isUuid } from './id.ts';
import { canonicalJson } from './json.ts';
import { defineProblems } from './problem.ts';
import { seededRandom } from './random.ts';
import { nearest } from './suggest.ts';
import { chooseLanguage } from './text.ts';
import { formatDuration, parseBytes, parseDuration } from './units.ts';

test('ids sort in the order they were made, though the clock goes back', () => {
  const clock = manualClock();
  const newId = idGenerator(clock, seededRandom(1));
  const ids = Array.from({ length: 20_000 }, (_, i) => {
    if (i % 100 === 0) clock.setNow(clock.now() + (i % 300 === 0 ? -5_000 : 3));
    return newId();
  });
  assert.ok(ids.every(isUuid));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
});

test('canonical JSON does not depend on the order of members', () => {
  assert.equal(canonicalJson({ b: [1, { d: null, c: '€' }], a: 1e21 }), '{"a":1e+21,"b":[1,{"c":"€","d":null}]}');
});

test('durations and sizes round-trip', () => {
  for (const ms of [0, 1, 999, 1000, 90_000, 3_661_001, 86_400_000]) assert.equal(parseDuration(formatDuration(ms)), ms);
  assert.equal(parseDuration('1h30m'), 5_400_000);
  assert.equal(parseBytes('10MiB'), 10 * 2 ** 20);
  for (const bad of ['', '5', 's', '-1s', '1 s', '1w']) assert.equal(parseDuration(bad), undefined);
});

test('a near word is suggested, a far one is not', () => {
  assert.equal(nearest('tiemout', ['timeout', 'limit']), 'timeout');
  assert.equal(nearest('xyz', ['timeout', 'limit']), undefined);
});

test('the caller’s language is chosen by quality', () => {
  assert.equal(chooseLanguage('fr, en;q=0.5, zh-CN;q=0.9'), 'zh');
  assert.equal(chooseLanguage(undefined), 'en');
});

test('a problem’s body holds neither cause nor stack', () => {
  const { raise } = defineProblems('core/test', {
    gone: { status: 404, title: { en: 'Gone', zh: '没了' }, detail: { en: '{name} is gone', zh: '{name} 没了' } },
  });
  const body = raise.gone({ values: { name: 'x' }, cause: new Error('secret') }).toBody('zh', { requestId: 'r' });
  assert.deepEqual(body, {
    type: 'urn:weir:problem:core/test/gone',
    title: '没了',
    status: 404,
    detail: 'x 没了',
    code: 'core/test/gone',
    requestId: 'r',
  });
});

test('a manual clock fires timers in order', async () => {
  const clock = manualClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push('b'));
  clock.after(10, () => seen.push('a'));
  const cancel = clock.every(15, () => seen.push('e'));
  clock.advance(31);
  cancel();
  clock.advance(100);
  assert.deepEqual(seen, ['a', 'e', 'b', 'e']);
});
