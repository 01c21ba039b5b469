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
  assert.equal(detailWords('role admin').zh, '角色：管理员');
  assert.equal(detailWords('16 resources').zh, '16 个资源');
  assert.equal(detailWords('version 3 was the last').zh, '最后为第 3 版');
  assert.deepEqual(detailWords('GET /a (id) as shop'), { en: 'GET /a (id) as shop', zh: 'GET /a (id)，以 shop 的身份' });
  assert.equal(detailWords('core/api/token-not-valid: expired').zh, 'core/api/token-not-valid：已过期');
  assert.equal(
    detailWords('2 of 3 refused: red/Plan/foreign (not allowed), green/Plan/bad and 4 more').zh,
    '3 个中有 2 个被拒绝：red/Plan/foreign（无权限）、green/Plan/bad，另有 4 个',
  );
  assert.equal(detailWords('role admin; the first user, with a new password').zh, '角色：管理员；首个用户，密码为新生成');
  assert.equal(detailWords('constructor').zh, 'constructor');
  assert.deepEqual(detailWords(''), { en: '', zh: '' });
});
