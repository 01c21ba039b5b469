/**
 * Conformance of a discovery: what it finds has the shape its contract says, and is found again alike; the end of the
 * signal ends a search soon, in an error and not in an empty answer. A test gives configurations that work, and one whose
 * answer never comes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { Problem } from '../../base/problem.ts';
import { readValue } from '../../base/schema-read.ts';
import type { ConfigOf } from '../component.ts';
import { type Discovery, type DiscoveryComponent, FOUND_MAX } from '../discovery.ts';
import { componentSuite } from './component.suite.ts';

/** Makes a discovery as the gateway does. */
export function makeDiscovery(component: DiscoveryComponent, config: Readonly<Record<string, unknown>>): Discovery {
  const read = readValue(component.config, config);
  assert.deepEqual(read.errors, []);
  const tools = { problems: component.catalogue.raise, clock: systemClock, log: silentLog };
  return component.create(read.value as ConfigOf<typeof component.config>, tools);
}

/** Configurations in people's form; asked for when the tests run. */
export interface DiscoveryCases {
  /** One that finds targets. */
  works(): Readonly<Record<string, unknown>>;
  /** One whose answer never comes; undefined when there is no such thing. */
  hangs?(): Readonly<Record<string, unknown>>;
  /** One that cannot succeed, and the name of the problem it raises. */
  fails?(): readonly [Readonly<Record<string, unknown>>, string];
}

/** Declares the tests of one discovery. */
export function discoverySuite(component: DiscoveryComponent, cases: DiscoveryCases): void {
  componentSuite(component);
  const { id } = component;
  test(`${id}: finds targets of the shape the contract says, and the same again`, async () => {
    const discovery = makeDiscovery(component, cases.works());
    const { signal } = new AbortController();
    const first = await discovery.find(signal);
    assert.ok(first.targets.length > 0 && first.targets.length <= FOUND_MAX && first.holdsMs > 0);
    for (const { host, port, weight } of first.targets) {
      assert.ok(host.length > 0 && Number.isInteger(port) && port > 0 && port < 65_536, `${host}:${port}`);
      assert.ok(Number.isInteger(weight) && weight >= 1 && weight <= 1000, `weight ${weight}`);
    }
    const place = (found: typeof first) => found.targets.map(({ host, port }) => `${host}:${port}`).sort();
    assert.deepEqual(place(await discovery.find(signal)), place(first));
    discovery.close?.();
  });
  const { hangs, fails } = cases;
  if (hangs)
    test(`${id}: the end of the signal ends a search`, async () => {
      const discovery = makeDiscovery(component, hangs());
      const end = new AbortController();
      const search = discovery.find(end.signal);
      end.abort(new Error('enough'));
      await assert.rejects(search);
      discovery.close?.();
    });
  if (fails)
    test(`${id}: what cannot be found is one of its problems`, async () => {
      const [config, name] = fails();
      const discovery = makeDiscovery(component, config);
      await assert.rejects(discovery.find(new AbortController().signal), (error) => {
        assert.ok(error instanceof Problem, String(error));
        assert.equal(error.code, `discovery/${id}/${name}`);
        return true;
      });
      discovery.close?.();
    });
}
