// Aim: a hint names the key that the reader's keyboard has. Method: what browsers say of machines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMac, keyWords } from './key-words.ts';

test('⌘ on a Mac, Ctrl elsewhere', () => {
  assert.equal(keyWords('mod K', { platform: 'MacIntel' }), '⌘ K');
  assert.equal(keyWords('mod Enter', { platform: 'Win32' }), 'Ctrl Enter');
  assert.equal(keyWords('Esc', { platform: 'MacIntel' }), 'Esc');
  assert.ok(isMac({ platform: 'MacIntel', userAgentData: { platform: 'macOS' } }));
  assert.ok(isMac({ platform: 'iPad' }));
  assert.ok(!isMac({ platform: 'Linux x86_64', userAgentData: { platform: 'Android' } }));
  assert.ok(!isMac({}));
});
