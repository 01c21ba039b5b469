/** The whole gateway beside nginx, over many seeds. */
import { nginxMissing } from '../fuzz/nginx.ts';
import { compareProxiedRequests, compareProxiedResponses } from '../fuzz/proxies.ts';
import type { SoakStep } from './step.ts';

const REQUESTS = 100_000;
const RESPONSES = 50_000;

export default {
  name: 'gateway beside nginx',
  missing: () => nginxMissing,
  async run({ share, seed }) {
    const [requests, responses] = [Math.ceil(REQUESTS * share), Math.ceil(RESPONSES * share)];
    const bothPassedRequests = await compareProxiedRequests(seed, requests);
    const bothPassedResponses = await compareProxiedResponses(seed, responses);
    return { requests, responses, bothPassedRequests, bothPassedResponses };
  },
} satisfies SoakStep;
