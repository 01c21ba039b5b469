/** Aim: the sample is said to answer when a call would get its row, not before. Method: each condition alone, on a clock moved by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../base/clock.ts';
import { untilSampleAnswers, type SampleAnswersNeeds } from './sample-answers.ts';

const TURNS = 20;

/** A start at which all is true but what `lacking` names, until `come` is called. */
function begin(lacking: 'run' | 'state' | 'threads' | 'thread' | 'resource' | 'none') {
  const clock = manualClock(0);
  const stop = new AbortController();
  let missing = lacking;
  const thread = (revision: number) => ({ revision }) as never;
  const needs: SampleAnswersNeeds = {
    clock,
    signal: stop.signal,
    runs: { list: async () => (missing === 'run' ? [] : [{} as never]) },
    resources: {
      async status() {
        if (missing === 'resource') throw new Error('is not there');
        return { state: missing === 'state' ? 'pending' : 'ready' } as never;
      },
    },
    fleet: () => ({
      revision: 3,
      hash: '',
      nodes: [
        { role: 'worker', threads: [] } as never,
        {
          role: 'gateway',
          threads: missing === 'threads' ? [] : [thread(3), thread(missing === 'thread' ? 2 : 3)],
        } as never,
      ],
    }),
  };
  let told: boolean | undefined;
  void untilSampleAnswers(needs).then((answer) => (told = answer));
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 250) {
      for (let i = 0; i < TURNS; i++) await Promise.resolve();
      clock.advance(250);
    }
    for (let i = 0; i < TURNS; i++) await Promise.resolve();
  };
  return { pass, told: () => told, come: () => (missing = 'none'), stop: () => stop.abort() };
}

test('every condition is waited for', async () => {
  for (const lacking of ['run', 'state', 'threads', 'thread', 'resource'] as const) {
    const start = begin(lacking);
    await start.pass(2_000);
    assert.equal(start.told(), undefined, lacking);
    start.come();
    await start.pass(500);
    assert.equal(start.told(), true, lacking);
  }
});

test('the wait ends after two minutes, or when the start is called off', async () => {
  const late = begin('run');
  await late.pass(121_000);
  assert.equal(late.told(), false);
  const ended = begin('run');
  await ended.pass(1_000);
  ended.stop();
  await ended.pass(250);
  assert.equal(ended.told(), false);
});
