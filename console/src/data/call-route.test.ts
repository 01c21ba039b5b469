// Aim: the route of a call leads to its page, and a data API's to the data API. Method: names as control makes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataApiRoute } from '../../../src/control/resources/kinds/data-api.ts';
import { dataApiOf } from './call-route.ts';

test('a route of a data API is told from others', () => {
  assert.equal(dataApiOf(dataApiRoute('orders')), 'orders');
  assert.equal(dataApiOf('orders'), undefined);
});
