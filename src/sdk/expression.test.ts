// Aim: an expression reads exactly its path, and an unknown one is an error that helps. Method: one exchange, a table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileExpression, queryValue, withoutQueryParameter } from './expression.ts';
import { memoryExchange } from './suites/exchange.ts';

const exchange = memoryExchange({
  method: 'POST',
  path: '/a/b',
  query: 'x=1&y=a%20b+c&x=2&flag',
  host: 'h.test',
  headers: { 'X-Tenant': 't1', cookie: 'a=1; session=abc=; session=2' },
  consumer: { name: 'shop', project: 'p', plan: 'gold', credentialId: 'c' },
});
exchange.params = { id: '7' };
const read = (text: string) => {
  const compiled = compileExpression(text);
  return compiled.ok ? compiled.read(exchange) : compiled.error.en;
};

test('reads each form', () => {
  const expected = {
    'consumer.id': 'p/shop',
    'consumer.name': 'shop',
    'consumer.plan': 'gold',
    'client.address': '192.0.2.1',
    'route.name': 'orders',
    'request.method': 'POST',
    'request.path': '/a/b',
    'request.host': 'h.test',
    'request.header.x-tenant': 't1',
    'request.header.none': undefined,
    'request.cookie.session': 'abc=',
    'request.cookie.none': undefined,
    'request.query.x': '1',
    'request.query.y': 'a b c',
    'request.query.flag': '',
    'request.query.z': undefined,
    'params.id': '7',
    'params.toString': undefined,
  };
  for (const [text, value] of Object.entries(expected)) assert.equal(read(text), value, text);
  const compiled = compileExpression('consumer.id');
  assert.ok(compiled.ok && compiled.read(memoryExchange()) === undefined);
});

test('says what was perhaps meant', () => {
  assert.match(read('consumer.nmae')!, /did you mean "consumer\.name"\?/);
  assert.match(read('request.headers.x-tenant')!, /did you mean "request\.header\.x-tenant"\?/);
  assert.match(read('request.header.')!, /valid name/);
  assert.match(read('something.else.entirely')!, /known are: consumer\.id/);
  assert.match(read('constructor')!, /not a known/);
});

test('query parameters are found and taken out by their decoded name', () => {
  assert.equal(queryValue('a%5Bb%5D=1', 'a[b]'), '1');
  assert.equal(queryValue('%zz=1&k=%zz', 'k'), '%zz', 'what cannot be decoded is there all the same');
  assert.equal(queryValue('k=%zz&k=2', 'k'), '%zz', 'and the first counts');
  assert.equal(withoutQueryParameter('a=1&k%65y=2&b=%20&key=3&key', 'key'), 'a=1&b=%20');
  assert.equal(withoutQueryParameter('key=3', 'key'), '');
});
