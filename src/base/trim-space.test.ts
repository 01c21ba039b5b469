import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimSpace } from './trim-space.ts';

test('takes spaces and tabs away, at both ends and nothing else', () => {
  assert.equal(trimSpace(' \t a \t b\t '), 'a \t b');
  assert.equal(trimSpace(' \t '), '');
  assert.equal(trimSpace(''), '');
  const voila = Buffer.from('voilà').toString('latin1'); // Its last byte is 0xa0.
  assert.equal(trimSpace(` ${voila}`), voila);
  for (const c of '\u00a0\u0085\v\f\r\n') assert.equal(trimSpace(` ${c}a${c} `), `${c}a${c}`);
});
