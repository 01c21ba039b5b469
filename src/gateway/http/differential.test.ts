/**
 * Aim: nothing that this parser and llhttp (the parser inside node:http) both accept is framed differently, and whatever
 * we accept llhttp accepts too. Requests and responses.
 * Method: test/fuzz/differential.ts over 160,000 requests and 60,000 responses, the first 20,000 and 8,000 of them also
 * byte by byte and cut in two at every single boundary; `npm run soak` goes on with millions of other seeds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareRequests, compareResponses } from '../../../test/fuzz/differential.ts';

test('requests: what both accept is framed alike, and llhttp accepts what we accept', async () => {
  const accepted = await compareRequests({ seed: 20261121, count: 160_000, everyCut: 20_000 });
  assert.ok(accepted > 24_000, `the inputs must exercise acceptance, only ${accepted} were accepted`);
});

test('responses: what both accept is framed alike, and llhttp accepts what we accept', async () => {
  const accepted = await compareResponses({ seed: 7, count: 60_000, everyCut: 8_000 });
  assert.ok(accepted > 15_000, `the inputs must exercise acceptance, only ${accepted} were accepted`);
});
