// Aim: a layered map says what a plain one says, versions do not disturb each other, and a change among thousands copies few.
// Method: seeded changes beside plain maps; how often what lies below is made anew is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import { LayeredMap } from './layered-map.ts';

test('each version says what a plain map of it says, whatever later ones change', () => {
  const random = seededRandom(7);
  for (const keys of [5, 100, 2000]) {
    let map = new LayeredMap<number>();
    let plain = new Map<string, number>();
    const versions: [LayeredMap<number>, Map<string, number>][] = [];
    for (let version = 0; version < 400; version++) {
      map = map.copy();
      plain = new Map(plain);
      for (let change = random.integer(version < 5 ? keys : 4); change >= 0; change--) {
        const key = `k${random.integer(keys)}`;
        if (random.integer(3) === 0) {
          map.delete(key);
          plain.delete(key);
        } else {
          map.set(key, version);
          plain.set(key, version);
        }
      }
      versions.push([map, plain]);
    }
    for (const [own, right] of versions) {
      assert.equal(own.size, right.size);
      assert.deepEqual(new Map(own.entries()), right);
      for (let k = 0; k < keys; k++) assert.deepEqual([own.get(`k${k}`), own.has(`k${k}`)], [right.get(`k${k}`), right.has(`k${k}`)]);
    }
  }
});

test('of a hundred changes among 5,000 all but two share what they do not change', () => {
  let map = new LayeredMap<number>();
  for (let i = 0; i < 5000; i++) map.set(`k${i}`, i);
  const below = (one: LayeredMap<number>): unknown => Reflect.get(one, 'below');
  let anew = 0;
  for (let change = 0; change < 100; change++) {
    const next = map.copy();
    next.set(`k${change}`, -1);
    if (below(next) !== below(map)) anew++;
    map = next;
  }
  assert.ok(anew <= 2, `${anew} were made anew`);
});
