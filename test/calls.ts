/** Call records for tests. */
import type { CallRecord, ToldCall } from '../src/sdk/call-record.ts';
import { chainText, storyText } from '../src/sdk/call-story.ts';

/** The story of a call through one policy, over a new connection. */
export const STORY = storyText(
  { headMs: 0, tries: 2, targetIndex: 1, reused: 0, waitMs: 0, connectMs: 1.5, upstreamMs: 3.75, durationMs: 4.5 },
  '192.0.2.9:8080',
  ',p12;c1',
  '|4',
  chainText([
    { kind: 'policy', id: 'rate-limit', place: 'plan', hasRequest: true, hasResponse: true, tells: 'remaining', facts: { limit: 5 } },
  ]),
);

/** A record as lists answer it. */
export function withoutStory({ story: _story, ...record }: ToldCall): CallRecord {
  return record;
}
