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

test('expressions: where they begin, what is refused, and whom they may meet', () => {
  const prefix = (text: string) => {
    const parsed = parsePathPattern(text);
    assert.ok(parsed.ok && parsed.value.regex, text);
    return parsed.value.regex.prefix.join('/');
  };
  assert.equal(prefix('~/a/b/.*'), 'a/b');
  assert.equal(prefix('~/a/bc?/d'), 'a');
  assert.equal(prefix('~/a/?'), '');
  assert.equal(prefix('~/a/(b|c)'), 'a');
  assert.equal(prefix('~/a/b|/c'), '', 'an alternative beside it: nothing is sure');
  assert.equal(prefix('~/a/[(]|/c'), '');
  assert.equal(prefix('~/a/\\(|/c'), '');
  assert.equal(prefix('~/plain'), '');
  assert.equal(prefix('~.*[.]php'), '');
  for (const text of ['~/(', '~/a(?=b)', '~^/a', '~/a$', '~/(?<a>x)(?<a>y)', '~'.padEnd(600, 'x')])
    assert.equal(parsePathPattern(text).ok, false, text);
  assert.equal(routesOverlap(match(['~/a/.*']), match(['/b/{x}'])), false);
  assert.equal(routesOverlap(match(['~/a/.*']), match(['/a/{x}'])), true);
  assert.equal(routesOverlap(match(['~/a/.*']), match(['/**'])), true);
  assert.equal(routesOverlap(match(['~/a/.*']), match(['~/b/.*'])), false);
  assert.equal(routesOverlap(match(['~/a/.*']), match(['~.*'])), true);
});

test('conditions and priority keep routes apart; the same ones in another order do not', () => {
  const same = (a: object, b: object) =>
    findConflicts([route('a', ['/x'], a), route('b', ['/x'], b)].map((r, i) => ({ ...r, ...(i ? b : a) }))).length === 1;
  const one = [{ name: 'X-A', value: '1' }, { name: 'b' }];
  assert.equal(same({ headers: one }, { headers: [{ name: 'b' }, { name: 'x-a', value: '1' }] }), true);
  assert.equal(same({ headers: one }, {}), false);
  assert.equal(same({ headers: one }, { headers: one, priority: 1 }), false);
  assert.equal(same({ clientAddresses: ['10.0.0.1', '10.0.0.2'] }, { clientAddresses: ['10.0.0.2', '10.0.0.1'] }), true);
});

test('refuses conditions that no request can meet or that say two things', () => {
  const pointers = (more: object) => checkRouteMatch({ ...match(['/x']), ...more }, undefined).map((e) => e.pointer);
  assert.deepEqual(pointers({ headers: [{ name: 'a b' }, { name: 'x', value: '1', absent: true }, { name: 'x', pattern: '(' }] }), [
    '/match/headers/0/name',
    '/match/headers/1',
    '/match/headers/2/pattern',
  ]);
  assert.deepEqual(pointers({ headers: [{ name: 'X-Weir-Consumer', value: 'p/c' }] }), ['/match/headers/0/name'], 'callers could claim it');
  assert.deepEqual(pointers({ clientAddresses: ['10.0.0.0/8', '10.0.0.0/33', '::/0', 'x', '10.0.0.0/', '1.2.3.4/1/2'] }), [
    '/match/clientAddresses/1',
    '/match/clientAddresses/3',
    '/match/clientAddresses/4',
    '/match/clientAddresses/5',
  ]);
  assert.deepEqual(pointers({ query: [{ name: 'a&b' }], cookies: [{ name: 'c;d' }] }), ['/match/query/0/name', '/match/cookies/0/name']);
});
