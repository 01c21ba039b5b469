/**
 * Aim: each way to choose gives shares by weight, keys stay where they are when targets change and no target is loaded
 * beyond its bound, slow targets get less, failing ones are ejected for a bounded time, panic ends ejection, and repeats
 * stay in their budget.
 * Method: properties over seeded targets and keys, and a seeded simulation of an upstream under a clock of its own.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../../base/random.ts';
import type { Balanced, Balancer } from './balancer.ts';
import { candidatesOf, rampedShare } from './candidates.ts';
import { hashed, hashText } from './hashed.ts';
import { leastRequests } from './least-requests.ts';
import { costOf, lowestLatency, observeLatency } from './lowest-latency.ts';
import { mayEject, Outlier, type OutlierRules } from './outlier.ts';
import { backoffMs, RetryBudget } from './retry-budget.ts';
import { roundRobin } from './round-robin.ts';

interface Fake extends Balanced {
  readonly name: string;
  weight: number;
  active: number;
  /** True latency in the simulation. */
  serveMs: number;
}

function fake(name: string, weight = 1, serveMs = 10): Fake {
  return { name, weight, hash: hashText(name), active: 0, latency: 0, latencyAt: 0, credit: 0, serveMs, share: () => weight };
}

const fakes = (count: number, random: Random, weightMax = 1): Fake[] =>
  Array.from({ length: count }, (_, i) => fake(`10.0.0.${i}:80`, 1 + random.integer(weightMax)));

function counts(choose: Balancer, from: readonly Fake[], picks: number, keyOf: (i: number) => number = () => 0): Map<Balanced, number> {
  const seen = new Map<Balanced, number>(from.map((target) => [target, 0]));
  for (let i = 0; i < picks; i++) {
    const target = choose(from, 0, keyOf(i), undefined);
    seen.set(target, seen.get(target)! + 1);
  }
  return seen;
}

test('round robin: in every turn each target is chosen exactly as often as its weight, and never bunched when it need not be', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const from = fakes(2 + random.integer(10), random, 7);
    const sum = from.reduce((total, { weight }) => total + weight, 0);
    for (let turn = 0; turn < 3; turn++)
      for (const [target, count] of counts(roundRobin, from, sum)) assert.equal(count, (target as Fake).weight, `seed ${seed}`);
  }
  const [a, b] = [fake('a', 5), fake('b', 1)];
  const order = Array.from({ length: 6 }, () => (roundRobin([a, b], 0, 0, undefined) as Fake).name).join('');
  assert.equal(order, 'aaabaa', "nginx's example: the light one comes amid the heavy one's turns");
});

test('what is to be avoided is chosen only when there is nothing else', () => {
  const from = [fake('a', 9), fake('b'), fake('c')];
  for (const choose of [roundRobin, leastRequests, lowestLatency(seededRandom(1)), hashed(1.25)]) {
    for (let i = 0; i < 100; i++) assert.notEqual(choose(from, 0, i * 7919, from[0]), from[0]);
    assert.equal(choose([from[0]!], 0, 1, from[0]), from[0]);
  }
});

test('least requests: nobody gets one more while another has less for its weight; equals take turns, idle ones by weight', () => {
  const random = seededRandom(5);
  const from = fakes(8, random, 4);
  const choose = leastRequests;
  for (let i = 0; i < 2000; i++) {
    const chosen = choose(from, 0, 0, undefined) as Fake;
    const load = (target: Fake) => target.active / target.weight;
    for (const other of from) assert.ok(load(chosen) <= load(other), `${chosen.name} before ${other.name}`);
    chosen.active++;
    const busy = from.filter(({ active }) => active > 0);
    if (random.float() < 0.5) busy[random.integer(busy.length)]!.active--;
  }
  const equal = [fake('a'), fake('b'), fake('c')];
  assert.deepEqual([...counts(leastRequests, equal, 30).values()], [10, 10, 10]);
  const idle = [fake('heavy', 3), fake('light'), fake('starting', 0.1)];
  assert.deepEqual([...counts(leastRequests, idle, 410).values()], [300, 100, 10], 'one request at a time keeps to the weights');
});

test('hash: keys spread by weight, and stay when targets come and go', () => {
  const random = seededRandom(11);
  const keys = Array.from({ length: 20_000 }, (_, i) => hashText(`user-${i}`));
  const choose = hashed(1000);
  const place = (from: readonly Fake[]) => keys.map((key) => choose(from, 0, key, undefined));
  const from = fakes(10, random, 4);
  const sum = from.reduce((total, { weight }) => total + weight, 0);
  const before = place(from);
  for (const target of from) {
    const part = before.filter((chosen) => chosen === target).length / keys.length;
    assert.ok(Math.abs(part / (target.weight / sum) - 1) < 0.1, `${target.name}: ${part} of ${target.weight / sum}`);
  }
  for (const gone of from) {
    const after = place(from.filter((target) => target !== gone));
    keys.forEach((_, i) => assert.ok(before[i] === after[i] || before[i] === gone, 'only keys of the one that went move'));
  }
  const added = fake('10.9.9.9:80', 2);
  const after = place([...from, added]);
  const moved = keys.filter((_, i) => before[i] !== after[i]).length;
  keys.forEach((_, i) => assert.ok(before[i] === after[i] || after[i] === added, 'they move to the new one only'));
  assert.ok(Math.abs(moved / keys.length - 2 / (sum + 2)) < 0.02, `${moved} keys moved`);
  assert.deepEqual(place([...from].reverse()), before, 'the order of the targets does not matter');
});

test('hash: no target gets more than its bound of the requests under way, and a key comes back when there is room', () => {
  for (const bound of [1, 1.25, 2]) {
    const random = seededRandom(bound * 100);
    const from = fakes(7, random, 3);
    const sum = from.reduce((total, { weight }) => total + weight, 0);
    const choose = hashed(bound);
    for (let i = 1; i <= 5000; i++) {
      const chosen = choose(from, 0, hashText(random.float() < 0.6 ? 'the one everybody wants' : `user-${i}`), undefined) as Fake;
      chosen.active++;
      const limit = Math.ceil((bound * i * chosen.weight) / sum);
      assert.ok(chosen.active <= limit, `bound ${bound}: ${chosen.active} of ${limit} after ${i}`);
    }
    const home = hashText('the one everybody wants');
    for (const target of from) target.active = 0;
    const first = choose(from, 0, home, undefined) as Fake;
    first.active = 50;
    assert.notEqual(choose(from, 0, home, undefined), first);
    first.active = 0;
    assert.equal(choose(from, 0, home, undefined), first);
  }
});

test('lowest latency: a peak counts at once, fades with time, and requests under way and weights count too', () => {
  const target = fake('a');
  observeLatency(target, 10, 0);
  observeLatency(target, 500, 1);
  assert.equal(target.latency, 500);
  const cost = costOf(target, 1);
  assert.ok(costOf(target, 60_001) < cost / 100, 'a slow target is tried again after a while');
  target.active = 3;
  assert.ok(Math.abs(costOf(target, 1) / cost - 4) < 1e-9);
  for (let at = 2; at < 60_000; at += 100) observeLatency(target, 10, at);
  assert.ok(target.latency < 12, `back to what it is: ${target.latency}`);
});

/** Plays `requests` against targets with their own latency; answers mean latency and the counts per target. */
function simulate(choose: Balancer, from: readonly Fake[], requests: number, everyMs: number, random: Random) {
  const ends: { at: number; target: Fake }[] = [];
  const seen = new Map<string, number>();
  let total = 0;
  for (let i = 0; i < requests; i++) {
    const now = i * everyMs;
    for (const end of ends.splice(0)) {
      if (end.at > now) ends.push(end);
      else end.target.active--;
    }
    const target = choose(from, now, 0, undefined) as Fake;
    const ms = target.serveMs * (0.5 + random.float()) * (1 + target.active / 4); // More load, slower.
    target.active++;
    observeLatency(target, ms, now);
    ends.push({ at: now + ms, target });
    total += ms;
    seen.set(target.name, (seen.get(target.name) ?? 0) + 1);
  }
  return { mean: total / requests, seen };
}

test('simulation: with one target ten times slower, lowest latency and least requests keep most away from it; round robin does not', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const world = () => [fake('a'), fake('b'), fake('c'), fake('slow', 1, 100)];
    const play = (choose: Balancer) => simulate(choose, world(), 5000, 3, seededRandom(seed));
    const turns = play(roundRobin);
    const latency = play(lowestLatency(seededRandom(seed + 100)));
    const least = play(leastRequests);
    assert.ok(latency.mean < turns.mean * 0.6, `seed ${seed}: ${latency.mean} against ${turns.mean}`);
    assert.ok(least.mean < turns.mean, `seed ${seed}: ${least.mean} against ${turns.mean}`);
    assert.ok(latency.seen.get('slow')! < 500, `seed ${seed}: the slow one got ${latency.seen.get('slow')}`);
    assert.ok(latency.seen.get('slow')! > 5, `seed ${seed}: but it is tried from time to time`);
  }
});

const RULES: OutlierRules = { errors: 5, gatewayErrors: 3, localErrors: 2, ejectMs: 1000, ejectMaxMs: 3500, ejectedPercentMax: 50 };

test('outlier: each rule counts its own failures in a row; a good answer ends every row', () => {
  const play = (steps: readonly (number | 'x')[]) => {
    const outlier = new Outlier();
    return steps.map((step) => (step === 'x' ? outlier.failed(RULES) : outlier.answered(step, RULES)) && outlier.reason);
  };
  assert.deepEqual(play([500, 500, 200, 500, 500, 500, 500, 500]), [...Array<boolean>(7).fill(false), 'errors']);
  assert.deepEqual(play([503, 502, 504]), [false, false, 'gateway-errors']);
  assert.deepEqual(play([503, 502, 500, 503, 404]), [false, false, false, false, false]);
  assert.deepEqual(play(['x', 200, 'x', 'x']), [false, false, false, 'local-errors']);
  const off = { ...RULES, errors: 0, gatewayErrors: 0, localErrors: 0 };
  const outlier = new Outlier();
  for (let i = 0; i < 50; i++) assert.ok(!outlier.answered(503, off) && !outlier.failed(off));
});

test('outlier: ejected longer each time up to the bound, and shorter again after it behaved', () => {
  const outlier = new Outlier();
  let now = 0;
  const lasts: number[] = [];
  for (let i = 0; i < 5; i++) {
    outlier.eject(now, RULES);
    lasts.push(outlier.ejectedUntil - now);
    assert.ok(outlier.isEjected(now));
    now = outlier.ejectedUntil;
    assert.ok(!outlier.isEjected(now));
  }
  assert.deepEqual(lasts, [1000, 2000, 3000, 3500, 3500]);
  now += 3000;
  outlier.eject(now, RULES);
  assert.equal(outlier.ejectedUntil - now, 3000, 'three good seconds took three from five');
  now = outlier.ejectedUntil + 60_000;
  outlier.eject(now, RULES);
  assert.equal(outlier.ejectedUntil - now, 1000);
});

test('outlier: never more than the percentage out, one always when there are several, never the only one', () => {
  for (let targets = 1; targets <= 40; targets++)
    for (const ejectedPercentMax of [0, 10, 34, 50, 100]) {
      let ejected = 0;
      while (mayEject(ejected, targets, { ejectedPercentMax })) ejected++;
      assert.ok(ejected <= Math.max(1, (targets * ejectedPercentMax) / 100), `${ejected} of ${targets} at ${ejectedPercentMax} %`);
      assert.equal(ejected > 0, targets > 1 && ejectedPercentMax > 0);
    }
});

test('candidates: healthy ones; all of them below the panic threshold; one whose connect failed only when alone', () => {
  const target = (name: string, out = false, downUntil = -1) => ({
    name,
    weight: 1,
    ejectedUntil: out ? 500 : -1,
    downUntil,
    isOut: () => out,
  });
  const names = (targets: ReturnType<typeof target>[], percent = 50) => {
    const { list, isPanic, until } = candidatesOf(targets, 0, percent);
    return [list.map(({ name }) => name).join(''), isPanic, until];
  };
  assert.deepEqual(names([target('a'), target('b', true)]), ['a', false, 500]);
  assert.deepEqual(names([target('a'), target('b', true), target('c', true)]), ['abc', true, 500]);
  assert.deepEqual(names([target('a', true)]), ['a', true, 500]);
  assert.deepEqual(names([target('a', true), target('b', true)], 0), ['', false, 500]);
  assert.deepEqual(names([target('a', false, 100), target('b')]), ['b', false, 100]);
  assert.deepEqual(names([target('a', false, 100), target('b', false, 50)]), ['b', false, 50]);
  assert.deepEqual(names([target('a')]), ['a', false, Number.POSITIVE_INFINITY]);
});

test('slow start: from a tenth of the weight to all of it, steadily', () => {
  assert.deepEqual(
    [0, 5000, 25_000, 50_000, 60_000].map((ms) => rampedShare(8, ms, 50_000)),
    [0.8, 0.8, 4, 8, 8],
  );
  assert.equal(rampedShare(3, 0, 0), 3);
});

test('budget: over any window no more repeats than the part of its requests, or the least number', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const budget = new RetryBudget({ percent: 20, least: 3, windowMs: 10_000 });
    const requests: number[] = [];
    const repeats: number[] = [];
    let now = 5_000_000 * random.float();
    for (let i = 0; i < 3000; i++) {
      now += random.float() < 0.01 ? 20_000 * random.float() : 40 * random.float();
      budget.began(now);
      requests.push(now);
      if (random.float() > 0.5 || !budget.take(now)) continue;
      repeats.push(now);
      const since = (at: number) => at > now - 9000;
      const allowed = Math.max(3, 0.2 * requests.filter((at) => at > now - 10_000).length);
      assert.ok(repeats.filter(since).length <= allowed + 1e-9, `seed ${seed}: ${repeats.filter(since).length} > ${allowed}`);
    }
    assert.ok(repeats.length > 100, 'and repeats do happen');
  }
  const quiet = new RetryBudget({ percent: 0, least: 2, windowMs: 1000 });
  assert.deepEqual([quiet.take(0), quiet.take(10), quiet.take(20), quiet.take(2000)], [true, true, false, true]);
});

test('backoff: doubles up to its bound, by chance between half and all', () => {
  const bounds = { baseMs: 25, maxMs: 250 };
  for (let repeat = 1; repeat < 60; repeat++) {
    const whole = Math.min(250, 25 * 2 ** (repeat - 1));
    assert.equal(backoffMs(repeat, bounds, 0), whole / 2);
    assert.ok(backoffMs(repeat, bounds, 0.999_999) <= whole);
  }
});
