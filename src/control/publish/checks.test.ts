/**
 * Aim: checks are bounded in number and time, retried more and more rarely; a newer request replaces an older.
 * Method: a lender the test answers, time by hand.
 */
import { type Text, verbatim } from '../../base/text.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import type { CompiledDataApi, DataApiCompilation } from '../../sdk/dataapi.ts';
import type { CompiledConnection } from '../../sdk/revision.ts';
import { type CheckOutcome, createChecks } from './checks.ts';

const connection = { project: 'default', name: 'c', type: 'sqlite', config: {}, poolMax: 1 } satisfies CompiledConnection;
const api = (name: string) => ({ name }) as unknown as CompiledDataApi;
const settle = () => new Promise((resolve) => setImmediate(resolve));

function bench() {
  const clock = manualClock();
  const running: { name: string; answer: (compilation: DataApiCompilation) => void; signal: AbortSignal }[] = [];
  const outcomes: [string, CheckOutcome][] = [];
  const errors: unknown[] = [];
  const checks = createChecks({
    clock,
    checker: {
      checkPublishable: (asked, _engine, signal) => new Promise((resolve) => running.push({ name: asked.name, answer: resolve, signal })),
    },
    lender: { withEngine: (_connection, work, signal) => work(undefined as never, signal) },
    onOutcome: async (request, outcome) => void outcomes.push([request.id, outcome]),
    onError: (error) => void errors.push(error),
  });
  return { clock, running, outcomes, checks, request: (id: string, name = id) => checks.request({ id, api: api(name), connection }) };
}

test('two at a time; the third starts when one ends', async () => {
  const b = bench();
  for (const id of ['a', 'b', 'c']) b.request(id);
  await settle();
  assert.deepEqual(
    b.running.map((r) => r.name),
    ['a', 'b'],
  );
  b.running[0]!.answer({ ok: true, api: api('a'), warnings: [] });
  await settle();
  assert.deepEqual(
    b.running.map((r) => r.name),
    ['a', 'b', 'c'],
  );
  assert.equal(b.outcomes[0]![1].ok, true);
  await b.checks.close();
});

test('no answer within the deadline is an outcome, and is tried again after 1 s, then 2 s', async () => {
  const b = bench();
  b.request('a');
  await settle();
  b.clock.advance(20_000);
  await settle();
  assert.match((b.outcomes[0]![1] as { reason: Text }).reason.en, /no answer within 20 s/);
  assert.ok(b.running[0]!.signal.aborted);
  b.clock.advance(999);
  await settle();
  assert.equal(b.running.length, 1);
  b.clock.advance(1);
  await settle();
  assert.equal(b.running.length, 2);
  b.running[1]!.answer({ ok: false, errors: [{ pointer: '/sql', detail: verbatim('no such table') }] });
  await settle();
  b.clock.advance(1_999);
  await settle();
  assert.equal(b.running.length, 2);
  b.checks.retryNow();
  await settle();
  assert.equal(b.running.length, 3, 'asked for at once');
  await b.checks.close();
});

test('an outcome of a replaced or cancelled request is dropped', async () => {
  const b = bench();
  b.request('a', 'old');
  await settle();
  b.request('a', 'new');
  await settle();
  b.running[0]!.answer({ ok: true, api: api('old'), warnings: [] });
  await settle();
  assert.deepEqual(b.outcomes, []);
  b.checks.cancel('a');
  b.running[1]!.answer({ ok: true, api: api('new'), warnings: [] });
  await settle();
  assert.deepEqual(b.outcomes, []);
  await b.checks.close();
});
