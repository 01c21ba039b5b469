// Aim: details Weir writes are read in the reader's language, everything else stays as it is. Method: a table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailWords } from './detail-words.ts';

test('known details have words in both languages, others stay', () => {
  assert.deepEqual(detailWords('version 3'), { en: 'version 3', zh: '第 3 版' });
  assert.deepEqual(detailWords('whoami; 12 more within a minute'), {
    en: 'whoami; 12 more within a minute',
    zh: 'whoami；一分钟内另有 12 次',
  });
  assert.equal(detailWords('role admin').zh, '角色 admin');
  assert.equal(detailWords('version 3 was the last').zh, '最后为第 3 版');
  assert.deepEqual(detailWords('GET /a (id) as shop'), { en: 'GET /a (id) as shop', zh: 'GET /a (id) as shop' });
  assert.deepEqual(detailWords(''), { en: '', zh: '' });
});
