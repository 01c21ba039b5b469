// Aim: a fixed list is what was written. Method: the suite of its kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiscoveryComponent } from '../../sdk/discovery.ts';
import { discoverySuite, makeDiscovery } from '../../sdk/suites/discovery.suite.ts';
import fixed from './static.ts';

const component = fixed as unknown as DiscoveryComponent;
const config = { targets: [{ host: 'a' }, { host: '10.0.0.1', port: 81, weight: 3 }] };
discoverySuite(component, { works: () => config });

test('defaults are filled in, and it holds for ever', async () => {
  const found = await makeDiscovery(component, config).find(new AbortController().signal);
  assert.deepEqual(found, {
    targets: [
      { host: 'a', port: 80, weight: 1 },
      { host: '10.0.0.1', port: 81, weight: 3 },
    ],
    holdsMs: Number.POSITIVE_INFINITY,
  });
});
