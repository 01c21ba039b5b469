/** Aim: antd's own words are known in both directions, and nobody else's are touched. Method: a table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { antdWords } from './antd-words.ts';

test('words go to the other language and back', () => {
  for (const word of ['Increase Value', 'Select all', 'Clear', 'Tab 1 of 4']) {
    const zh = antdWords(word, 'zh')!;
    assert.match(zh, /\p{Script=Han}/u);
    assert.equal(antdWords(zh, 'en'), word);
    assert.equal(antdWords(word, 'en'), undefined, 'it is said already');
  }
  for (const word of ['orders', 'Tab 1 of', 'Clear the draft', '', '清单']) assert.equal(antdWords(word, 'zh'), undefined, word);
});
