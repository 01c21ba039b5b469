// Aim: the trie answers as the rules say, whatever was added and taken away before, at a cost that does not grow with routes.
// Method: a naive matcher of regular expressions and sorting as oracle over random routes; counted steps for the cost.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import type { RouteFacts } from '../sdk/route-conditions.ts';
import { explainMatch } from '../sdk/route-explain.ts';
import { parseRewrite, parsePathPattern, type PathPattern } from '../sdk/route-pattern.ts';
import { createRouter, readParameters, rewritePath, type Routable, type Router } from './router.ts';

// The instance the product loads.
const { RE2JS } = createRequire(import.meta.url)('re2js') as typeof import('re2js');

interface TestRoute extends Routable {
  readonly version?: number;
}
const route = (id: string, paths: string[], more: Partial<TestRoute> = {}): TestRoute => ({ id, paths, hosts: [], methods: [], ...more });
const routerOf = (...routes: TestRoute[]): Router<TestRoute> => createRouter<TestRoute>().withChanges([], routes);
/** A request's query, address and header fields, as conditions read them. */
const facts = (fields: Record<string, string> = {}, query = '', clientAddress = '192.0.2.1'): RouteFacts => ({
  query,
  clientAddress,
  request: { get: (name) => fields[name.toLowerCase()] },
});
const NONE = facts();
const winner = (router: Router<TestRoute>, host: string, path: string, method = 'GET', given = NONE): string => {
  const found = router.match(host, path, method, given);
  if (found.kind === 'found') return found.route.id;
  return found.kind === 'method-not-allowed' ? `405 ${found.allow.join(',')}` : found.kind === 'refused' ? `400 ${found.fault}` : '404';
};

test('prefers literal to parameter to rest, exact host to wildcard to none', () => {
  const router = routerOf(
    route('rest', ['/a/**']),
    route('param', ['/a/{x}']),
    route('literal', ['/a/b']),
    route('deep', ['/a/{x}/c']),
    route('root', ['/']),
    route('exact', ['/a/**'], { hosts: ['api.example.com'] }),
    route('wild', ['/a/b'], { hosts: ['*.example.com'] }),
    route('wilder', ['/a/**'], { hosts: ['*.v2.example.com'] }),
  );
  assert.equal(winner(router, 'h', '/a/b'), 'literal');
  assert.equal(winner(router, 'h', '/a/b/'), 'literal');
  assert.equal(winner(router, 'h', '/a/z'), 'param');
  assert.equal(winner(router, 'h', '/a/b/c'), 'deep');
  assert.equal(winner(router, 'h', '/a/b/d'), 'rest');
  assert.equal(winner(router, 'h', '/a'), 'rest');
  assert.equal(winner(router, 'h', '/a/'), 'rest');
  assert.equal(winner(router, 'h', '/'), 'root');
  assert.equal(winner(router, 'h', '/z'), '404');
  assert.equal(winner(router, 'API.example.com:8080', '/a/b'), 'exact');
  assert.equal(winner(router, 'x.example.com', '/a/b'), 'wild');
  assert.equal(winner(router, 'x.example.com', '/a/z'), 'param', 'falls through to routes without host');
  assert.equal(winner(router, 'x.v2.example.com', '/a/b'), 'wilder', 'the longer suffix goes first');
  assert.equal(winner(router, 'example.com', '/a/b'), 'literal', 'a wildcard needs a label');
});

test('methods: HEAD by GET, named before any, else 405 with all that would do', () => {
  const router = routerOf(
    route('get', ['/a'], { methods: ['GET'] }),
    route('post', ['/{x}'], { methods: ['POST'] }),
    route('any', ['/b']),
    route('del', ['/b'], { methods: ['DELETE'] }),
    route('head', ['/c'], { methods: ['HEAD'] }),
    route('cget', ['/c'], { methods: ['GET'] }),
  );
  assert.equal(winner(router, 'h', '/a', 'HEAD'), 'get');
  assert.equal(winner(router, 'h', '/c', 'HEAD'), 'head');
  assert.equal(winner(router, 'h', '/a', 'POST'), 'post', 'a less specific path that takes the method serves');
  assert.equal(winner(router, 'h', '/a', 'PUT'), '405 GET,HEAD,POST');
  assert.equal(winner(router, 'h', '/b', 'DELETE'), 'del');
  assert.equal(winner(router, 'h', '/b', 'PATCH'), 'any');
});

test('an encoded literal is the literal, and a confusing path is nobody’s', () => {
  const router = routerOf(route('admin', ['/admin/**']), route('rest', ['/**']));
  assert.equal(winner(router, 'h', '/%61dmin/x'), 'admin');
  for (const path of ['/x/../admin', '//admin', '/x%2f..%2fadmin', '/x\\..\\admin', '/..;/admin'])
    assert.match(winner(router, 'h', path), /^400 /);
});

test('parameters of segments never lead past a route that guards the path without them', () => {
  const routes = [route('admin', ['/admin/**']), route('shop', ['/shop/**']), route('item', ['/items/{id}']), route('rest', ['/**'])];
  const router = routerOf(...routes);
  for (const path of ['/admin;x/users', '/;/admin', '/admin%3bx', '/;x/admin;y/users', '/items/;v'])
    assert.equal(winner(router, 'h', path), '400 path-parameter', path);
  assert.equal(winner(router, 'h', '/shop/cart;jsessionid=1'), 'shop', 'the same route without them');
  assert.equal(winner(router, 'h', '/items/7;v=2'), 'item');
  assert.equal(winner(router, 'h', '/x;y/z'), 'rest');
  assert.equal(winner(routerOf(routes[1]!), 'h', '/shop;x'), '404', 'nobody serves it either way');
});

/** The rules once more, as slowly and plainly as can be. */
function naive(routes: readonly TestRoute[], host: string, path: string, method: string, fields: Record<string, string> = {}): string {
  const candidates: { id: string; rank: string; methods: readonly string[] }[] = [];
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path;
  for (const r of routes) {
    const headers = r.headers ?? [];
    if (
      !headers.every((h) =>
        h.absent ? fields[h.name] === undefined : h.value === undefined ? h.name in fields : fields[h.name] === h.value,
      )
    )
      continue;
    for (const h of r.hosts.length > 0 ? r.hosts : ['']) {
      const wild = h.startsWith('*.');
      const hostFits = h === '' || (wild ? host.endsWith(h.slice(1)) && host.length > h.length - 1 : host === h);
      if (!hostFits) continue;
      for (const p of r.paths) {
        const isRegex = p.startsWith('~');
        const source = isRegex ? p.slice(1) : p === '/' ? '/' : p.replace(/\/\*\*$/, '(/.*)?').replace(/\{\w+\}/g, '[^/]+');
        if (!(isRegex ? new RegExp(`^(?:${source})$`).test(plain) : new RegExp(`^${source}/?$`).test(path))) continue;
        // One letter per segment, smaller is more specific: end, literal, parameter, rest.
        const parts = p === '/' ? [] : p.slice(1).split('/');
        const kinds = parts.map((s) => (s === '**' ? 'd' : s.startsWith('{') ? 'c' : 'b')).join('') + 'a';
        const literals = (/^~((?:\/[a-c]+)*)\//.exec(p)?.[1] ?? '').split('/').length;
        const group = isRegex ? `2${99 - literals}${9999 - p.length}${p}` : /[cd]/.test(kinds) ? `3${kinds}` : `1${kinds}`;
        const hostRank = h === '' ? 'z' : wild ? `m${String(999 - h.length)}` : 'a';
        const rank = `${5000 - (r.priority ?? 0)} ${hostRank} ${group} ${99 - headers.length}`;
        candidates.push({ id: r.id, rank, methods: r.methods });
      }
    }
  }
  const takes = (methods: readonly string[]): string | undefined =>
    methods.length === 0 ? '3' : methods.includes(method) ? '1' : method === 'HEAD' && methods.includes('GET') ? '2' : undefined;
  const fit = candidates.flatMap((c) => (takes(c.methods) ? [`${c.rank} ${takes(c.methods)} ${c.id}`] : [])).sort();
  if (fit.length > 0) return fit[0]!.split(' ').at(-1)!;
  if (candidates.length === 0) return '404';
  const allow = new Set(candidates.flatMap((c) => [...c.methods, ...(c.methods.includes('GET') ? ['HEAD'] : [])]));
  return `405 ${[...allow].sort().join(',')}`;
}

test('agrees with the naive matcher over random routes, also after changes', () => {
  const random = seededRandom(2);
  const pick = <V>(list: readonly V[]): V => list[random.integer(list.length)]!;
  const some = <V>(most: number, make: () => V): V[] => Array.from({ length: random.integer(most + 1) }, make);
  const randomRoute = (i: number): TestRoute => {
    const path = () => {
      if (random.integer(5) === 0)
        return pick(['~/a/.*', '~/a/b/[a-c]', '~/(a|b)/c', '~/.*', '~/a/b/?.*', '~/[ab]+', '~/a|/b/.*', '~/c/[a-d]/.+']);
      const segments = some(4, () => pick(['a', 'b', 'c', '{x}'])).map((s, n) => (s === '{x}' ? `{x${n}}` : s));
      if (random.integer(3) === 0) segments.push('**');
      return `/${segments.join('/')}`;
    };
    return route(`r${i}`, [path(), ...some(1, path)], {
      hosts: some(2, () => pick(['a.test', 'b.a.test', '*.a.test', '*.test'])),
      methods: some(2, () => pick(['GET', 'POST', 'HEAD', 'PUT'])),
      headers: random.integer(3) === 0 ? some(2, condition) : [],
      priority: random.integer(6) === 0 ? random.integer(3) - 1 : 0,
      version: i,
    });
  };
  const condition = () =>
    pick([{ name: 't', value: '1' }, { name: 't', value: '2' }, { name: 't' }, { name: 'u' }, { name: 'u', absent: true }]);
  let matched = 0;
  for (let round = 0; round < 150; round++) {
    let router = createRouter<TestRoute>();
    const live = new Map<string, TestRoute>();
    for (let step = 0; step < 4; step++) {
      const put = new Map(some(6, () => randomRoute(random.integer(12))).map((r) => [r.id, r]));
      const gone = [...live.values()].filter((r) => put.has(r.id) || random.integer(4) === 0);
      const before = router;
      const sample = winner(before, 'b.a.test', '/a/b');
      router = router.withChanges(gone, [...put.values()]);
      assert.equal(winner(before, 'b.a.test', '/a/b'), sample, 'the old router still answers as before');
      for (const r of gone) live.delete(r.id);
      for (const r of put.values()) live.set(r.id, r);
      for (let i = 0; i < 25; i++) {
        const path = `/${some(5, () => pick(['a', 'b', 'c', 'd'])).join('/')}`;
        const [host, method] = [
          pick(['a.test', 'b.a.test', 'x.b.a.test', 'c.test', 'other']),
          pick(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']),
        ];
        const fields = pick([{}, { t: '1' }, { t: '2', u: 'x' }, { u: 'y' }] as Record<string, string>[]);
        const expected = naive([...live.values()], host, path, method, fields);
        const asked = `${method} ${host}${path} ${JSON.stringify(fields)}`;
        assert.equal(winner(router, host, path, method, facts(fields)), expected, `${asked} in ${JSON.stringify([...live.values()])}`);
        if (expected.startsWith('r')) matched++;
        const explained = explainMatch(
          [...live.values()].map((r) => ({ ...r, project: 'p', name: r.id })),
          { host, path, method, facts: facts(fields) },
        );
        const said = explained.route?.slice(2) ?? (explained.outcome === 'not-found' ? '404' : `405 ${explained.allow.join(',')}`);
        assert.equal(said, expected, 'the explanation says what the router does');
      }
    }
    for (const r of live.values()) router = router.withChanges([r], []);
    assert.equal(winner(router, 'a.test', '/a'), '404', 'nothing is left behind');
  }
  assert.ok(matched > 2000, `${matched} matches`);
});

test('reads parameters decoded and rewrites with the caller’s own bytes', () => {
  const router = routerOf(route('r', ['/v1/{shop}/{id}/**']));
  const found = router.match('h', '/v1/a%20b/%37/x%3F/y/', 'GET', NONE);
  assert.ok(found.kind === 'found');
  assert.deepEqual(readParameters(found.pattern, found.path), { shop: 'a b', id: '7' });
  const rewrite = (text: string) => {
    const parsed = parseRewrite(text, [found.pattern]);
    assert.ok(parsed.ok);
    return written(rewritePath(parsed.value, found.pattern, found.path));
  };
  assert.equal(rewrite('/v2/{id}'), '/v2/%37');
  assert.equal(rewrite('/base/**'), '/base/x%3F/y/');
  assert.equal(rewrite('/**'), '/x%3F/y/');
  assert.equal(rewrite('/订单:a/{shop}/**'), '/%E8%AE%A2%E5%8D%95:a/a%20b/x%3F/y/');
  const bare = routerOf(route('r', ['/v1/**'])).match('h', '/v1', 'GET', NONE);
  const all = parsePathPattern('/v1/**');
  assert.ok(bare.kind === 'found' && all.ok);
  assert.deepEqual(rewritePath({ segments: [], rest: true }, bare.pattern, bare.path), { path: '/' });
});

const written = (result: ReturnType<typeof rewritePath>): string => (typeof result === 'string' ? `refused ${result}` : result.path);

test('groups of an expression are parameters and fill rewrites; what they make must be a path', () => {
  const router = routerOf(route('r', ['~/v(?<version>[0-9]+)/(?<kind>[a-z.]*)(/(?<rest>.*))?']));
  const call = (path: string, text: string) => {
    const found = router.match('h', path, 'GET', NONE);
    assert.ok(found.kind === 'found', path);
    const parsed = parseRewrite(text, [found.pattern]);
    assert.ok(parsed.ok, text);
    return [readParameters(found.pattern, found.path), written(rewritePath(parsed.value, found.pattern, found.path))];
  };
  assert.deepEqual(call('/v12/shops/a%20b/c/', '/{kind}/{version}/{rest}'), [
    { version: '12', kind: 'shops', rest: 'a b/c' },
    '/shops/12/a%20b/c',
  ]);
  assert.deepEqual(
    call('/v1/shops', '/x/{rest}/{kind}'),
    [{ version: '1', kind: 'shops' }, '/x/shops'],
    'an empty group leaves no segment',
  );
  const dots = routerOf(route('r', ['~/(?<a>a?)(?<dots>[.]+)(?<b>b)']));
  const found = dots.match('h', '/a..b', 'GET', NONE);
  const rewrite = parseRewrite('/files/{dots}', [(found as { pattern: PathPattern }).pattern]);
  assert.ok(found.kind === 'found' && rewrite.ok);
  assert.equal(written(rewritePath(rewrite.value, found.pattern, found.path)), 'refused dot-segment');
});

test('conditions: all must hold, more go first, and who meets none goes on', () => {
  const router = routerOf(
    route('plain', ['/a']),
    route('acme', ['/a'], { headers: [{ name: 'X-Tenant', value: 'acme' }] }),
    route('acme-beta', ['/a'], { headers: [{ name: 'x-tenant', value: 'acme' }], cookies: [{ name: 'beta' }] }),
    route('v2', ['/a'], { query: [{ name: 'v', pattern: '2(\\.[0-9]+)?' }] }),
    route('inside', ['/a'], { clientAddresses: ['10.0.0.0/8', '2001:db8::/32'], methods: ['GET'] }),
    route('post', ['/b'], { headers: [{ name: 'x-a', value: '1' }], methods: ['POST'] }),
  );
  const at = (given: RouteFacts, path = '/a', method = 'GET') => winner(router, 'h', path, method, given);
  assert.equal(at(NONE), 'plain');
  assert.equal(at(facts({ 'x-tenant': 'acme' })), 'acme');
  assert.equal(at(facts({ 'x-tenant': 'Acme' })), 'plain', 'values are compared exactly');
  assert.equal(at(facts({ 'x-tenant': 'acme', cookie: 'a=1; beta=' })), 'acme-beta');
  assert.equal(at(facts({ 'x-tenant': 'acme', cookie: 'xbeta=1' })), 'acme');
  assert.equal(at(facts({}, 'v=2.17')), 'v2');
  assert.equal(at(facts({}, 'v=20')), 'plain');
  assert.equal(at(facts({}, '', '10.2.3.4')), 'inside');
  assert.equal(at(facts({}, '', '2001:db8::7')), 'inside');
  assert.equal(at(facts({}, '', '10.2.3.4'), '/a', 'POST'), 'plain');
  assert.equal(at(NONE, '/b', 'POST'), '404', 'a route whose conditions do not hold is not there');
  assert.equal(at(facts({ 'x-a': '1' }), '/b'), '405 POST');
  const explained = explainMatch([{ ...route('post', ['/b'], { headers: [{ name: 'x-a', value: '1' }] }), project: 'p', name: 'post' }], {
    method: 'GET',
    host: 'h',
    path: '/b',
  });
  assert.equal(explained.outcome, 'not-found');
  assert.match(explained.considered[0]!.why.en, /header x-a is "1"/);
});

test('priority goes before everything else', () => {
  const router = routerOf(
    route('exact', ['/a/b'], { hosts: ['x.test'] }),
    route('catch-all', ['/**'], { priority: 5 }),
    route('last', ['/**'], { priority: -5 }),
    route('posts', ['/a/b'], { priority: 9, methods: ['POST'] }),
  );
  assert.equal(winner(router, 'x.test', '/a/b'), 'catch-all');
  assert.equal(winner(router, 'x.test', '/a/b', 'POST'), 'posts');
  const without = router.withChanges([route('catch-all', ['/**'], { priority: 5 })], []);
  assert.equal(winner(without, 'x.test', '/a/b'), 'exact');
  assert.equal(winner(without, 'y.test', '/a/b'), 'last');
});

test('a match does not visit more for 5,000 routes than for 50', (t) => {
  const visits = (make: (i: number) => TestRoute, count: number, path: string, given = NONE): number => {
    const router = routerOf(...Array.from({ length: count }, (_, i) => make(i)));
    const lookups = t.mock.method(Map.prototype, 'get');
    const expressions = t.mock.method(RE2JS.prototype, 'testExact');
    let reads = 0;
    const counted: RouteFacts = {
      ...given,
      get query() {
        reads++;
        return given.query;
      },
      request: { get: (name) => (reads++, given.request.get(name)) },
    };
    assert.equal(router.match('h', path, 'GET', counted).kind, 'found');
    lookups.mock.restore();
    expressions.mock.restore();
    return lookups.mock.callCount() + expressions.mock.callCount() + reads;
  };
  const literal = (i: number) => route(`r${i}`, [`/svc${i}/v1/items/{id}`, `/svc${i}/**`]);
  const tenant = (i: number) => route(`r${i}`, ['/items/{id}'], { headers: [{ name: 'x-tenant', value: `t${i}` }] });
  const regex = (i: number) => route(`r${i}`, [`~/svc${i}/v[0-9]+/.*`]);
  const within = (i: number) => route(`r${i}`, i === 7 ? ['~/items/.+'] : [`~/items/x${i}-[0-9]+`]);
  const cookie = (i: number) => route(`r${i}`, ['/items/{id}'], { cookies: [{ name: 'tenant', value: `t${i}` }] });
  const query = (i: number) => route(`r${i}`, ['/items/{id}'], { query: [{ name: 'tenant', value: `t${i}` }] });
  for (const [make, path, given] of [
    [literal, '/svc7/v1/items/42', NONE],
    [tenant, '/items/42', facts({ 'x-tenant': 't7' })],
    [regex, '/svc7/v1/items', NONE],
    [within, '/items/7', NONE],
    [cookie, '/items/42', facts({ cookie: `${'a=1; '.repeat(2000)}tenant=t7` })],
    [query, '/items/42', facts({}, `${'a=1&'.repeat(2000)}tenant=t7`)],
  ] as const) {
    assert.ok(visits(make, 50, path, given) > 0);
    assert.equal(visits(make, 5000, path, given), visits(make, 50, path, given));
  }
});

test('an explanation names the winner, those it beat, and why the others do not serve', () => {
  const named = (name: string, paths: string[], more = {}) => ({
    project: 'p',
    name,
    paths,
    hosts: [] as string[],
    methods: [] as string[],
    ...more,
  });
  const routes = [
    named('rest', ['/a/**']),
    named('one', ['/a/{id}']),
    named('host', ['/a/{id}'], { hosts: ['b.test'] }),
    named('post', ['/a/{id}'], { methods: ['POST'] }),
    named('far', ['/z']),
  ];
  const found = explainMatch(routes, { method: 'GET', host: 'h', path: '/a/%37' });
  assert.deepEqual([found.outcome, found.route, found.params], ['matched', 'p/one', { id: '7' }]);
  assert.deepEqual(
    found.considered.map((c) => [c.id, c.matches]),
    [
      ['p/one', true],
      ['p/rest', false],
      ['p/host', false],
      ['p/post', false],
    ],
  );
  assert.match(found.considered[1]!.why.en, /p\/one goes before it/);
  assert.match(found.considered[2]!.why.zh, /b\.test/);
  assert.equal(explainMatch(routes, { method: 'GET', host: 'h', path: '/a/..' }).outcome, 'refused');
  assert.equal(explainMatch(routes.values(), { method: 'GET', host: 'h', path: '/a/7;v=1' }).route, 'p/one');
  assert.equal(explainMatch(routes.values(), { method: 'GET', host: 'h', path: '/a/;v=1' }).outcome, 'refused', 'is /a for some');
});

test('a route of a project the asker may not see wins without its name, path or parameters', () => {
  const route = (project: string, name: string, path: string, hosts: string[] = []) => ({
    project,
    name,
    paths: [path],
    hosts,
    methods: [],
  });
  const routes = [
    route('mine', 'rest', '/a/**'),
    route('theirs', 'secret-name', '/a/{hidden_id}'),
    route('theirs', 'near-name', '/a/7', ['x.test']),
  ];
  const found = explainMatch(routes, { method: 'GET', host: 'h', path: '/a/7' }, (project) => project === 'mine');
  assert.deepEqual([found.outcome, found.route, found.pattern, found.params], ['matched', undefined, undefined, {}]);
  assert.deepEqual(
    found.considered.map((c) => [c.id, c.matches]),
    [
      [undefined, true],
      ['mine/rest', false],
    ],
  );
  assert.doesNotMatch(JSON.stringify(found), /secret-name|near-name|hidden_id|theirs|x\.test/);
  assert.match(found.considered[1]!.why.en, /a route of another project goes before it/);
});
