// Aim: what people write in a route's match is read exactly, and what cannot work is refused with its place.
// Method: tables of patterns, and pairs of routes that do and do not conflict.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRouteMatch, findConflicts, parseHostPattern, parsePathPattern, routesOverlap } from './route-pattern.ts';

const match = (paths: string[], more: { hosts?: string[]; methods?: string[] } = {}) => ({
  paths,
  hosts: more.hosts ?? [],
  methods: more.methods ?? [],
});
const route = (name: string, paths: string[], more = {}) => ({ project: 'p', name, ...match(paths, more) });

test('reads literals, parameters and the rest; one shape for what matches the same', () => {
  const parse = (text: string) => {
    const parsed = parsePathPattern(text);
    assert.ok(parsed.ok, text);
    return parsed.value;
  };
  assert.deepEqual(parse('/a/{id}/**').segments, [
    { kind: 'literal', text: 'a' },
    { kind: 'parameter', name: 'id' },
  ]);
  assert.equal(parse('/a/{id}/**').rest, true);
  assert.equal(parse('/a/{id}').shape, parse('/a/{name}/').shape);
  assert.equal(parse('/订单').shape, parse('/%E8%AE%A2%E5%8D%95').shape);
  assert.deepEqual(parse('/').segments, []);
});

test('refuses what no request could match or what would be ambiguous', () => {
  for (const text of [
    'a',
    '',
    '/a//b',
    '/../a',
    '/a/%2e%2e',
    '/a/%2fb',
    '/a\\b',
    '/**/a',
    '/a*',
    '/x{id}',
    '/{1}',
    '/{a}/{a}',
    '/a?b',
    '/%zz',
    `/${'x'.repeat(1100)}`,
  ]) {
    assert.equal(parsePathPattern(text).ok, false, text);
  }
  for (const host of ['', '*', 'a b', 'http://a', 'a:80', '*.', 'a..b', '-a.b']) assert.equal(parseHostPattern(host).ok, false, host);
  assert.deepEqual(parseHostPattern('*.Example.COM'), { ok: true, value: { kind: 'wildcard', name: 'example.com' } });
});

test('reports every fault with its pointer', () => {
  const errors = checkRouteMatch({ hosts: ['ok.example', 'b:1'], paths: ['/ok', 'no'], methods: ['GET', 'get'] }, undefined);
  assert.deepEqual(
    errors.map((e) => e.pointer),
    ['/match/hosts/1', '/match/paths/1', '/match/methods/1'],
  );
  assert.equal(checkRouteMatch(match([]), undefined)[0]?.pointer, '/match/paths');
  assert.match(checkRouteMatch(match(['/a/{id}', '/b']), '/v2/{id}')[0]!.detail.en, /\{id\}.*"\/b"/);
  assert.match(checkRouteMatch(match(['/a/**', '/b']), '/v2/**')[0]!.detail.en, /"\/b"/);
  assert.deepEqual(checkRouteMatch(match(['/a/{id}/**']), '/v2/{id}/**'), []);
});

test('finds pairs of routes between which nothing chooses', () => {
  const conflicts = (a: object, b: object) => findConflicts([route('b', ['/x/{id}'], b), route('a', ['/x/{key}'], a)]);
  assert.deepEqual(conflicts({}, {}), [{ first: 'p/a', second: 'p/b', host: '*', path: '/x/{id}', method: '*' }]);
  assert.equal(conflicts({ methods: ['GET'] }, { methods: ['GET', 'POST'] }).length, 1);
  assert.equal(conflicts({ hosts: ['A.example'] }, { hosts: ['a.example'] }).length, 1);
  assert.equal(conflicts({ methods: ['GET'] }, {}).length, 0, 'a named method wins over any');
  assert.equal(conflicts({ methods: ['GET'] }, { methods: ['POST'] }).length, 0);
  assert.equal(conflicts({ hosts: ['a.example'] }, {}).length, 0);
  assert.equal(findConflicts([route('a', ['/x', '/x/'])]).length, 0, 'a route does not conflict with itself');
  assert.equal(findConflicts([route('a', ['/x/y']), route('b', ['/x/{id}']), route('c', ['/x/**'])]).length, 0);
});

test('routes overlap when some request could be taken by both', () => {
  const match = (path: string, hosts: string[] = [], methods: string[] = []) => ({ hosts, paths: [path], methods });
  const meets: [string, string, boolean][] = [
    ['/crm/**', '/crm/customers/{id}', true],
    ['/crm/{id}', '/crm/me', true],
    ['/crm', '/crm/**', true],
    ['/crm/a', '/crm/b', false],
    ['/crm/{id}', '/crm/a/b', false],
    ['/**', '/anything/at/all', true],
  ];
  for (const [a, b, wanted] of meets) {
    assert.equal(routesOverlap(match(a), match(b)), wanted, `${a} and ${b}`);
    assert.equal(routesOverlap(match(b), match(a)), wanted, `${b} and ${a}`);
  }
  assert.equal(routesOverlap(match('/a', ['*.x.test']), match('/a', ['Y.X.test'])), true);
  assert.equal(routesOverlap(match('/a', ['x.test']), match('/a', ['y.test'])), false);
  assert.equal(routesOverlap(match('/a', [], ['GET']), match('/a', [], ['POST'])), false);
  assert.equal(routesOverlap(match('/a', ['x.test'], ['GET']), match('/a')), true);
});
