// Aim: a layered map says what a plain one says, versions do not disturb each other, and a change among thousands copies few.
// Method: seeded changes beside plain maps; how often what lies below is made anew is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import { LayeredMap } from './layered-map.ts';

test('each version says what a plain map of it says, whatever later ones change', () => {
  const random = seededRandom(7);
  for (const keys of [5, 65, 100, 2000]) {
    const versions: [LayeredMap<number>, Map<string, number>][] = [[new LayeredMap<number>(), new Map<string, number>()]];
    for (let version = 0; version < 400; version++) {
      // One in five goes on from an older version: a change that was given up, or overtaken.
      const [from, right] = versions[random.integer(5) === 0 ? random.integer(versions.length) : versions.length - 1]!;
      const map = from.copy();
      const plain = new Map(right);
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

test('what lies over a map stays few, however many changes there are', () => {
  const random = seededRandom(8);
  let map = new LayeredMap<number>();
  for (let i = 0; i < 5000; i++) map.set(`k${i}`, i);
  let most = 0;
  for (let change = 0; change < 3000; change++) {
    map = map.copy();
    if (change % 3 === 0) map.delete(`k${random.integer(5000)}`);
    else map.set(`k${random.integer(5000)}`, change);
    most = Math.max(most, (Reflect.get(map, 'over') as Map<string, unknown> | undefined)?.size ?? 0);
    assert.ok(!(Reflect.get(map, 'below') instanceof LayeredMap), 'two maps, never a chain of them');
  }
  assert.ok(most > 50 && most < 80, `${most} over it`);
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
