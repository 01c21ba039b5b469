// Aim: control learns of each target what is newest, once, and all of it after it was away. Method: a line in memory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ToControl } from '../sdk/channel.ts';
import type { UpstreamHealth } from '../sdk/target-health.ts';
import { createTargetOutbox } from './target-outbox.ts';

const health = (key: string, requests: number): UpstreamHealth => ({
  key,
  targets: [
    {
      address: 'a:1',
      weight: 1,
      state: 'ok',
      stateReason: '',
      stateSince: null,
      requests,
      open: 0,
      idle: 0,
      failures: 0,
      failingSince: null,
      lastSuccessAt: null,
      lastFailureAt: null,
      lastFailure: '',
    },
  ],
  discoveryFailure: '',
});

function line() {
  let open = true;
  const outbox = createTargetOutbox();
  const sent: Extract<ToControl, { type: 'targets' }>[] = [];
  const channel = { send: (message: ToControl) => open && sent.push(message as (typeof sent)[0]) > 0 };
  return {
    outbox,
    set open(value: boolean) {
      open = value;
    },
    flushed() {
      outbox.flush(channel);
      return sent
        .splice(0)
        .map(({ thread, fresh, upstreams }) => [thread, fresh, upstreams.map((u) => `${u.key} ${u.targets[0]?.requests ?? 'gone'}`)]);
    },
  };
}

test('only the newest of what changed travels, and what could not be sent waits', () => {
  const one = line();
  one.outbox.told(0, [health('p/u', 1), health('p/v', 1)]);
  one.outbox.told(0, [health('p/u', 2)]);
  assert.deepEqual(one.flushed(), [[0, true, ['p/u 2', 'p/v 1']]]);
  assert.deepEqual(one.flushed(), []);
  one.open = false;
  one.outbox.told(0, [health('p/u', 3)]);
  assert.deepEqual(one.flushed(), []);
  one.open = true;
  assert.deepEqual(one.flushed(), [[0, false, ['p/u 3']]]);
  one.outbox.told(0, [{ key: 'p/v', targets: [], discoveryFailure: '' }]);
  assert.deepEqual(one.flushed(), [[0, false, ['p/v gone']]]);
});

test('a control that asks is told everything; a thread that ended is forgotten', () => {
  const one = line();
  one.outbox.told(0, [health('p/u', 1), health('p/v', 5)]);
  one.outbox.told(1, [health('p/u', 7)]);
  one.flushed();
  one.outbox.tellAll();
  assert.deepEqual(one.flushed(), [
    [0, true, ['p/u 1', 'p/v 5']],
    [1, true, ['p/u 7']],
  ]);
  one.outbox.ended(1);
  assert.deepEqual(one.flushed(), [[1, true, []]]);
  one.outbox.tellAll();
  assert.deepEqual(one.flushed(), [
    [0, true, ['p/u 1', 'p/v 5']],
    [1, true, []],
  ]);
});

test('many upstreams travel in several messages, and only the first begins anew', () => {
  const one = line();
  one.outbox.told(
    0,
    Array.from({ length: 450 }, (_, i) => health(`p/u${i}`, i)),
  );
  assert.deepEqual(
    one.flushed().map(([, fresh, keys]) => [fresh, (keys as string[]).length]),
    [
      [true, 200],
      [false, 200],
      [false, 50],
    ],
  );
});
