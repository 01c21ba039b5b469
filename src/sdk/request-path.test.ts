// Aim: no path is shown to a route in one form and to an upstream in another. Method: a table of spellings that
// servers disagree about, then random paths: what is accepted must resolve to itself in the WHATWG parser too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import { normaliseHost, readRequestPath } from './request-path.ts';

test('refuses every spelling that servers read in different ways', () => {
  const cases: [string, string][] = [
    ['', 'not-absolute'],
    ['*', 'not-absolute'],
    ['a/b', 'not-absolute'],
    ['//a', 'empty-segment'],
    ['/a//b', 'empty-segment'],
    ['/a//', 'empty-segment'],
    ['/a/../b', 'dot-segment'],
    ['/.', 'dot-segment'],
    ['/a/%2e%2E/b', 'dot-segment'],
    ['/a/.%2e', 'dot-segment'],
    ['/a/..;x=1/b', 'dot-segment'],
    ['/a%2fb', 'encoded-separator'],
    ['/a%5Cb', 'encoded-separator'],
    ['/a\\..\\b', 'backslash'],
    ['/a%00', 'control-character'],
    ['/a%0d%0aX', 'control-character'],
    ['/a b', 'control-character'],
    ['/a\x7f', 'control-character'],
    ['/%', 'bad-encoding'],
    ['/%zz', 'bad-encoding'],
    ['/%c3', 'bad-encoding'],
    ['/%C4%E3', 'bad-encoding'],
    ['/é', 'not-encoded'],
    ['/a?b', 'not-encoded'],
    ['/a#b', 'not-encoded'],
    [`/${'a'.repeat(9000)}`, 'too-long'],
    ['/a'.repeat(200), 'too-long'],
  ];
  for (const [path, fault] of cases) assert.equal(readRequestPath(path), fault, path.slice(0, 40));
});

test('decodes for matching, keeps the bytes, and forgets one slash at the end', () => {
  assert.deepEqual(readRequestPath('/%61dmin/a+b%20c/'), {
    raw: ['%61dmin', 'a+b%20c'],
    decoded: ['admin', 'a+b c'],
    slashAtEnd: true,
    bare: undefined,
  });
  assert.deepEqual(readRequestPath('/'), { raw: [], decoded: [], slashAtEnd: false, bare: undefined });
  assert.deepEqual(readRequestPath('/...'), { raw: ['...'], decoded: ['...'], slashAtEnd: false, bare: undefined });
});

test('tells what is left for servers that cut parameters off segments', () => {
  const bareOf = (path: string) => (readRequestPath(path) as { bare: readonly string[] | undefined }).bare;
  assert.deepEqual(bareOf('/a;x=1/b/;y/c%3bz;'), ['a', 'b', 'c']);
  assert.deepEqual(bareOf('/;'), []);
  assert.equal(bareOf('/a,b'), undefined);
});

test('an accepted path stays the same path when another parser resolves it', () => {
  const random = seededRandom(7);
  const pieces = ['/', '/', 'a', 'b', '.', '..', '%2e', '%2f', '%5c', '\\', ';', '%41', '%25', '~', '%E4%BD%A0', '//', '?', ' '];
  let accepted = 0;
  for (let i = 0; i < 20_000; i++) {
    const path = `/${Array.from({ length: random.integer(8) }, () => pieces[random.integer(pieces.length)]!).join('')}`;
    if (typeof readRequestPath(path) === 'string') continue;
    accepted++;
    assert.equal(new URL(path, 'http://h.test').pathname, path);
  }
  assert.ok(accepted > 1000);
});

test('compares hosts without case, port and final dot', () => {
  assert.equal(normaliseHost('API.Example.com:8080'), 'api.example.com');
  assert.equal(normaliseHost('a.example.'), 'a.example');
  assert.equal(normaliseHost('[::1]:80'), '[::1]');
  assert.equal(normaliseHost('[::1]'), '[::1]');
});
