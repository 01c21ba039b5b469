// Aim: the trie answers as the rules say, whatever was added and taken away before, at a cost that does not grow with routes.
// Method: a naive matcher of regular expressions and sorting as oracle over random routes; counted steps for the cost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import { explainMatch } from '../sdk/route-explain.ts';
import { parseRewrite, parsePathPattern } from '../sdk/route-pattern.ts';
import { createRouter, readParameters, rewritePath, type Routable, type Router } from './router.ts';

interface TestRoute extends Routable {
  readonly version?: number;
}
const route = (id: string, paths: string[], more: Partial<TestRoute> = {}): TestRoute => ({ id, paths, hosts: [], methods: [], ...more });
const routerOf = (...routes: TestRoute[]): Router<TestRoute> => createRouter<TestRoute>().withChanges([], routes);
const winner = (router: Router<TestRoute>, host: string, path: string, method = 'GET'): string => {
  const found = router.match(host, path, method);
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

/** The rules once more, as slowly and plainly as can be. */
function naive(routes: readonly TestRoute[], host: string, path: string, method: string): string {
  const candidates: { id: string; rank: string; methods: readonly string[] }[] = [];
  for (const r of routes) {
    for (const h of r.hosts.length > 0 ? r.hosts : ['']) {
      const wild = h.startsWith('*.');
      const hostFits = h === '' || (wild ? host.endsWith(h.slice(1)) && host.length > h.length - 1 : host === h);
      if (!hostFits) continue;
      for (const p of r.paths) {
        const source = p === '/' ? '/' : p.replace(/\/\*\*$/, '(/.*)?').replace(/\{\w+\}/g, '[^/]+');
        if (!new RegExp(`^${source}/?$`).test(path)) continue;
        // One letter per segment, smaller is more specific: end, literal, parameter, rest.
        const kinds =
          (p === '/'
            ? ''
            : p
                .slice(1)
                .split('/')
                .map((s) => (s === '**' ? 'd' : s.startsWith('{') ? 'c' : 'b'))
                .join('')) + 'a';
        const hostRank = h === '' ? 'z' : wild ? `m${String(999 - h.length)}` : 'a';
        candidates.push({ id: r.id, rank: `${hostRank} ${kinds}`, methods: r.methods });
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
      const segments = some(4, () => pick(['a', 'b', 'c', '{x}'])).map((s, n) => (s === '{x}' ? `{x${n}}` : s));
      if (random.integer(3) === 0) segments.push('**');
      return `/${segments.join('/')}`;
    };
    return route(`r${i}`, [path(), ...some(1, path)], {
      hosts: some(2, () => pick(['a.test', 'b.a.test', '*.a.test', '*.test'])),
      methods: some(2, () => pick(['GET', 'POST', 'HEAD', 'PUT'])),
      version: i,
    });
  };
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
        const expected = naive([...live.values()], host, path, method);
        assert.equal(winner(router, host, path, method), expected, `${method} ${host}${path} in ${JSON.stringify([...live.values()])}`);
        if (expected.startsWith('r')) matched++;
        const explained = explainMatch(
          [...live.values()].map((r) => ({ ...r, project: 'p', name: r.id })),
          { host, path, method },
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
  const found = router.match('h', '/v1/a%20b/%37/x%3F/y/', 'GET');
  assert.ok(found.kind === 'found');
  assert.deepEqual(readParameters(found.pattern, found.path), { shop: 'a b', id: '7' });
  const rewrite = (text: string) => {
    const parsed = parseRewrite(text, [found.pattern]);
    assert.ok(parsed.ok);
    return rewritePath(parsed.value, found.pattern, found.path);
  };
  assert.equal(rewrite('/v2/{id}'), '/v2/%37');
  assert.equal(rewrite('/base/**'), '/base/x%3F/y/');
  assert.equal(rewrite('/**'), '/x%3F/y/');
  assert.equal(rewrite('/订单:a/{shop}/**'), '/%E8%AE%A2%E5%8D%95:a/a%20b/x%3F/y/');
  const bare = routerOf(route('r', ['/v1/**'])).match('h', '/v1', 'GET');
  const all = parsePathPattern('/v1/**');
  assert.ok(bare.kind === 'found' && all.ok);
  assert.equal(rewritePath({ segments: [], rest: true }, bare.pattern, bare.path), '/');
});

test('a match does not visit more for 5,000 routes than for 50', (t) => {
  const visits = (count: number): number => {
    const routes = Array.from({ length: count }, (_, i) => route(`r${i}`, [`/svc${i}/v1/items/{id}`, `/svc${i}/**`]));
    const router = routerOf(...routes);
    const lookups = t.mock.method(Map.prototype, 'get');
    assert.equal(router.match('h', '/svc7/v1/items/42', 'GET').kind, 'found');
    lookups.mock.restore();
    return lookups.mock.callCount();
  };
  assert.ok(visits(50) > 0);
  assert.equal(visits(5000), visits(50));
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
  assert.match(found.considered[1]!.why.en, /p\/one is more specific/);
  assert.match(found.considered[2]!.why.zh, /b\.test/);
  assert.equal(explainMatch(routes, { method: 'GET', host: 'h', path: '/a/..' }).outcome, 'refused');
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
  assert.match(found.considered[1]!.why.en, /a route of another project is more specific/);
});
