// Aim: what `explain` says is what the router does, also for requests that are made to confuse: every kind of condition,
// repeated and quoted cookies, parameters that cannot be decoded, paths in spellings that servers read in several ways.
// Method: random routes and requests from a seed; both are asked, outcome, reason, parameters and methods must be the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import type { FieldCondition, RouteFacts } from '../sdk/route-conditions.ts';
import { explainMatch } from '../sdk/route-explain.ts';
import { createRouter, readParameters, type Routable } from './router.ts';

type Named = Routable & { readonly project: string; readonly name: string };

const random = seededRandom(11);
const pick = <V>(list: readonly V[]): V => list[random.integer(list.length)]!;
const some = <V>(most: number, make: () => V): V[] => Array.from({ length: random.integer(most + 1) }, make);
const rarely = <V>(one: number, make: () => V[]): V[] => (random.integer(one) === 0 ? make() : []);

const condition = (): FieldCondition =>
  pick<FieldCondition>([
    { name: 'a', value: '1' },
    { name: 'a', value: '2' },
    { name: 'b', value: '' },
    { name: 'a' },
    { name: 'a', absent: true },
    { name: 'b', absent: true },
    { name: 'a', pattern: '[0-9]+' },
    { name: 'b', pattern: '.*%.*|"1"' },
  ]);

const PATHS = ['/', '/a', '/a/{x}', '/a/**', '/**', '/a/b', '/a%20b/{y}', '/a;v=1/b', '/订单/{x}', '/{x}/b/**', '/a/{x}/c'];
const EXPRESSIONS = [
  '~/a/.*',
  '~/a/(b|c)',
  '~/a/bc?.*',
  '~/(?<v>[a-c]+)/(?<rest>.*)',
  '~/.*',
  '~/a b/.+',
  '~/(?i)A/B',
  '~/a/b;.*',
  '~/a.?',
];

function randomRoute(i: number): Named {
  const paths = [pick(random.integer(3) === 0 ? EXPRESSIONS : PATHS), ...rarely(3, () => [pick([...PATHS, ...EXPRESSIONS])])];
  return {
    id: `p/r${i}`,
    project: 'p',
    name: `r${i}`,
    paths,
    hosts: rarely(2, () => some(2, () => pick(['a.test', '*.a.test', '*.test', 'b.a.test']))),
    methods: rarely(2, () => some(2, () => pick(['GET', 'POST', 'HEAD']))),
    headers: rarely(3, () => some(2, condition)),
    cookies: rarely(3, () => some(2, condition)),
    query: rarely(3, () => some(2, condition)),
    clientAddresses: rarely(5, () => some(2, () => pick(['10.0.0.0/8', '10.1.0.0/16', '2001:db8::/32', '::1']))),
    listeners: rarely(6, () => [pick(['default', 'inner'])]),
    priority: random.integer(8) === 0 ? random.integer(3) - 1 : 0,
  };
}

const SEGMENTS = [
  'a',
  'b',
  'c',
  'A',
  'a%20b',
  '%61',
  'a;v=1',
  ';x',
  'b;',
  '..',
  '%2e',
  '..;x',
  '.',
  '',
  'a%2fb',
  '%zz',
  '%E8%AE%A2%E5%8D%95',
  'a%3Bv=1',
  '\\',
  '%5c',
  '%00',
  '%c3',
  'a+b',
  '~',
  '*',
  '%2561',
];
const COOKIES = ['a=1', 'a=2', 'a="1"', 'b=', 'b', ' a = 1 ', '=1', 'b=%22', 'c=a=1', 'b="1"', 'A=1', '"a=1"'];
const QUERIES = [
  'a=1',
  'a=2',
  'a',
  'a=',
  'b=%zz',
  '%61=1',
  'a=%31',
  'b=1%',
  'a=+',
  '%zz=1',
  'b=%22',
  ';a=1',
  'a=1;b=2',
  'a%00=1',
  'b=%E8%AE%A2',
];

function randomRequest() {
  const fields: Record<string, string> = {};
  for (const name of ['a', 'b']) if (random.integer(3) === 0) fields[name] = pick(['1', '2', '', '1, 2', '"1"', '%']);
  const cookies = some(4, () => pick(COOKIES));
  if (cookies.length > 0) fields['cookie'] = cookies.join(pick(['; ', ';', ' ;; ']));
  const facts: RouteFacts = {
    query: some(4, () => pick(QUERIES)).join('&'),
    clientAddress: pick(['10.1.2.3', '10.200.0.1', '192.0.2.1', '2001:db8::7', '::1', '']),
    listener: pick(['default', 'inner']),
    request: { get: (name) => fields[name] },
  };
  const path = `/${some(4, () => pick(random.integer(3) === 0 ? SEGMENTS : ['a', 'b', 'c'])).join('/')}${random.integer(6) === 0 ? '/' : ''}`;
  const host = pick(['a.test', 'b.a.test', 'B.A.TEST:80', 'x.b.a.test.', '[::1]:80', 'other', '']);
  return { host, path, method: pick(['GET', 'HEAD', 'POST', 'PUT']), facts, fields };
}

test('explain and router agree over hostile requests: outcome, route, parameters, methods, reason', () => {
  const seen = new Map<string, number>();
  for (let round = 0; round < 120; round++) {
    const routes = Array.from({ length: 1 + random.integer(12) }, (_, i) => randomRoute(i));
    const router = createRouter<Named>().withChanges([], routes);
    for (let i = 0; i < 50; i++) {
      const { host, path, method, facts, fields } = randomRequest();
      const found = router.match(host, path, method, facts);
      const said = explainMatch(routes, { host, path, method, facts });
      const asked = JSON.stringify({ host, path, method, fields, query: facts.query, client: facts.clientAddress, routes });
      seen.set(found.kind, (seen.get(found.kind) ?? 0) + 1);
      assert.equal(said.outcome, found.kind === 'found' ? 'matched' : found.kind, asked);
      if (found.kind === 'found') {
        assert.equal(said.route, found.route.id, asked);
        assert.equal(said.pattern, found.pattern.text, asked);
        assert.deepEqual(said.params, { ...readParameters(found.pattern, found.path) }, asked);
      } else if (found.kind === 'method-not-allowed') assert.deepEqual(said.allow, found.allow, asked);
      else if (found.kind === 'refused') assert.match(said.summary.en, new RegExp(`\\(${found.fault}\\)`), asked);
    }
  }
  for (const kind of ['found', 'not-found', 'method-not-allowed', 'refused'])
    assert.ok((seen.get(kind) ?? 0) > 100, `${kind}: ${seen.get(kind)}`);
});

test('a path that too many expressions would have to be tried for is refused, by explain too, and not given to what comes after', () => {
  const long = `/api/${'a'.repeat(8000)}`;
  const expressions = Array.from({ length: 300 }, (_, i) => ({
    id: `p/x${i}`,
    project: 'p',
    name: `x${i}`,
    paths: [`~/api/[ab]+x${i}`],
    hosts: [],
    methods: [],
  }));
  const first: Named = { ...expressions[0]!, id: 'p/first', name: 'first', paths: [`~/api/a+${'a?'.repeat(30)}`] };
  const rest: Named = { ...expressions[0]!, id: 'p/rest', name: 'rest', paths: ['/api/**'] };
  const outcome = (routes: readonly Named[], path: string): string => {
    const found = createRouter<Named>()
      .withChanges([], routes)
      .match('h', path, 'GET', { query: '', clientAddress: '', request: { get: () => undefined } });
    const said = explainMatch(routes, { host: 'h', path, method: 'GET' });
    assert.equal(said.outcome, found.kind === 'found' ? 'matched' : found.kind);
    if (found.kind === 'refused') assert.match(said.summary.en, new RegExp(found.fault));
    return found.kind === 'found' ? found.route.name : found.kind === 'refused' ? found.fault : found.kind;
  };
  assert.equal(outcome([...expressions, rest], long), 'too-costly');
  assert.equal(outcome([...expressions, rest], '/api/aaa'), 'rest');
  assert.equal(outcome([...expressions, rest, first], long), 'first', 'one that comes before them is found');
  assert.equal(outcome([...expressions.slice(0, 5), rest], long), 'rest');
  const elsewhere = expressions.map((one) => ({ ...one, paths: [one.paths[0]!.replace('[ab]+', 'z[ab]+')] }));
  assert.equal(outcome([...elsewhere, rest], long), 'rest', 'those that begin with other letters are not tried');
});
