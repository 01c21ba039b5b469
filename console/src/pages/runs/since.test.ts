/** Aim: a span in the address is read, a broken one asks for everything instead of failing. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sinceMs } from './since.ts';

test('spans end now; what is no span limits nothing', () => {
  assert.equal(sinceMs('24h', 100_000_000), 13_600_000);
  assert.equal(sinceMs('7d', 604_800_001), 1);
  assert.equal(sinceMs('30d', 1000), 0);
  for (const broken of [undefined, '', '0h', '-1h', '1y', 'all', '99999d']) assert.equal(sinceMs(broken, 1000), undefined);
});
