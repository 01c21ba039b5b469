/** Trailers through the whole gateway, over many seeds. */
import { compareTrailersOfAnswers, compareTrailersOfRequests } from '../fuzz/trailers.ts';
import type { SoakStep } from './step.ts';

const REQUESTS = 50_000;
const ANSWERS = 50_000;

export default {
  name: 'trailers',
  missing: () => undefined,
  async run({ share, seed }) {
    const [requests, answers] = [Math.ceil(REQUESTS * share), Math.ceil(ANSWERS * share)];
    const passedOfRequests = await compareTrailersOfRequests(seed, requests);
    const passedOfAnswers = await compareTrailersOfAnswers(seed, answers);
    return { requests, answers, passedOfRequests, passedOfAnswers };
  },
} satisfies SoakStep;
