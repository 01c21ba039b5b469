// Aim: a story read is the story told: each mark finds its step, whatever ended the chain. Method: texts made by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainText, readStory, storyText } from './call-story.ts';

const numbers = { headMs: 0.25, tries: 1, targetIndex: 0, reused: 1, waitMs: 2, connectMs: 0, upstreamMs: 3, durationMs: 9 };
const step = (kind: 'auth' | 'policy', id: string, phases = 'qs', tells = '', facts = {}) => ({
  kind,
  id,
  place: 'route',
  hasRequest: phases.includes('q'),
  hasResponse: phases.includes('s'),
  tells,
  facts,
});
const chain = chainText([
  step('auth', 'key', 'q', 'key'),
  step('auth', 'token', 'q', 'key'),
  step('policy', 'limit', 'qs', 'remaining', { limit: 5, name: '5' }),
  step('policy', 'answer-only', 's', 'size'),
  step('policy', 'check', 'q'),
]);
const shown = (marks: string, said = '') =>
  readStory(storyText(numbers, '192.0.2.1:80', marks, said, chain)).steps.map((s) =>
    `${s.id} ${s.phase} ${s.outcome} ${s.us} ${s.code}`.trim(),
  );

test('why earlier tries were given up stands behind the target', () => {
  const read = readStory(storyText({ ...numbers, tries: 3 }, '192.0.2.1:80 503,closed', '', '', chain));
  assert.deepEqual([read.target!.address, read.retried], ['192.0.2.1:80', ['503', 'closed']]);
  assert.deepEqual(readStory(storyText(numbers, '192.0.2.1:80', '', '', chain)).retried, []);
});

test('trip and times', () => {
  const { target, tries, reused, phases } = readStory(storyText(numbers, '192.0.2.1:80', 'p5,p10 p20;c30 c1', "|'k|7||8", chain));
  assert.deepEqual([target, tries, reused], [{ index: 0, address: '192.0.2.1:80' }, 1, true]);
  assert.deepEqual(phases, { headMs: 0.25, chainMs: 0.035, waitMs: 2, connectMs: 0, firstByteMs: 3, responseMs: 0.031, totalMs: 9 });
  assert.equal(readStory(storyText({ ...numbers, targetIndex: -1 }, '', '', '', '')).target, null);
});

test('a chain that went through, with what each step says', () => {
  assert.deepEqual(shown('n1 p2,p10 p20;c30 c1'), [
    'key request absent 1',
    'token request passed 2',
    'limit request passed 10',
    'check request passed 20',
    'answer-only response changed 30',
    'limit response changed 1',
  ]);
  const { steps } = readStory(storyText(numbers, '', 'n1 p2,p10 p20;c30 c1', "||'k-1|4|77", chain));
  assert.deepEqual(
    steps.map((s) => s.facts),
    [{}, { key: 'k-1' }, { limit: 5, name: '5', remaining: 4 }, {}, { size: 77 }, {}],
  );
});

test('a refusal by a credential, by a policy, and no credential at all', () => {
  const rest = ['limit request not-reached 0', 'check request not-reached 0'];
  assert.deepEqual(shown('r3=auth/key/invalid'), ['key request refused 3 auth/key/invalid', ...rest]);
  assert.deepEqual(shown('n1 n1'), ['key request absent 1', 'token request absent 1', ...rest]);
  assert.deepEqual(shown('p1,r9=policy/limit/exceeded'), [
    'key request passed 1',
    'limit request refused 9 policy/limit/exceeded',
    'check request not-reached 0',
  ]);
  assert.deepEqual(shown('p1,a9;c2'), [
    'key request passed 1',
    'limit request answered 9',
    'limit response changed 2',
    'check request not-reached 0',
  ]);
});
