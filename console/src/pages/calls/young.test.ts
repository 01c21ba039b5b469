// Aim: only a call that may still be on its way is asked for again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isYoung } from './young.ts';

test('an id tells when it was made, with a caller’s own before it too', () => {
  const at = 0x01a2003134a1;
  const id = '01a20031-34a1-75f9-8522-5f527b070b51';
  for (const one of [id, `order-7~${id}`])
    for (const [now, young] of [
      [at, true],
      [at + 59_000, true],
      [at - 59_000, true],
      [at + 61_000, false],
      [at - 61_000, false],
    ] as const)
      assert.equal(isYoung(one, now), young, `${one} at ${now}`);
  for (const none of ['', 'order-7', '01a20031-34a1-45f9-8522-5f527b070b51']) assert.equal(isYoung(none, at), false, none);
});
