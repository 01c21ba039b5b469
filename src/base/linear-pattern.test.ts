// Aim: an expression matches whole values, tells its groups, and no expression and no value take long.
// Method: tables, and counted work by the size of the program (expressions known to make other engines explode are tried on long values).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileLinearPattern } from './linear-pattern.ts';

const must = (text: string) => {
  const compiled = compileLinearPattern(text);
  assert.ok(compiled.ok, text);
  return compiled.value;
};

test('matches whole values, and reads named groups', () => {
  const version = must('/v(?<version>[0-9]+)(/(?<rest>.*))?');
  assert.equal(version.matches('/v12/a/b'), true);
  assert.equal(version.matches('x/v12'), false);
  assert.equal(version.matches('/v12 '), false);
  assert.deepEqual(version.read('/v12/a/b'), { version: '12', rest: 'a/b' });
  assert.deepEqual(version.read('/v12'), { version: '12' }, 'a group that took no part is absent');
  assert.equal(version.read('/w'), undefined);
  assert.deepEqual([...version.groups].sort(), ['rest', 'version']);
  assert.equal(must('a|b').matches('ab'), false, 'an alternative stands for the whole value');
  assert.equal(must('(?i)Ab').matches('aB'), true);
  assert.equal(must('订单.').matches('订单一'), true);
});

test('refuses what is no expression, is too large, or needs to go back', () => {
  for (const text of ['(a', '[z-a]', '(?=x)', '\\1', 'a**', '(?<a>x)(?<a>y)', '(x{500}){3}', '.{900}.{900}', 'x'.repeat(600)]) {
    const compiled = compileLinearPattern(text);
    assert.equal(compiled.ok, false, text);
    assert.ok(!compiled.ok && /[一-鿿]/.test(compiled.error.zh) && compiled.error.en.length > 10, text);
  }
});

test('expressions that make backtracking engines explode are answered', () => {
  const value = `/${'a'.repeat(8000)}!`;
  for (const text of ['(/|a+)+b', '(/|a|aa)+c', '(.*)*d', '/(a*)*(a*)*(a*)*e']) assert.equal(must(text).matches(value), false, text);
});
