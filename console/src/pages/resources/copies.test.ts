/** Aim: what is copied works where it is pasted. Method: one resource, each form compared letter by letter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copies } from './copies.ts';

test('a resource as id, document, command and call', () => {
  const found = copies({ project: 'shop', kind: 'Route', name: 'orders', text: 'kind: Route\n' }, 'http://127.0.0.1:8081');
  assert.equal(found.id, 'shop/Route/orders');
  assert.equal(found.yaml, 'kind: Route\n');
  assert.equal(found.cli, 'weir get Route orders --project shop -o yaml');
  assert.match(found.curl, /^curl .*'http:\/\/127\.0\.0\.1:8081\/api\/v1\/projects\/shop\/resources\/Route\/orders'$/);
});
