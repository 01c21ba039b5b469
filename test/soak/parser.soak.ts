/** Five million seeded messages: the gateway's parser beside llhttp, on as many threads as there are cores (at most four). */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { compareRequests, compareResponses } from '../fuzz/differential.ts';
import type { SoakStep } from './step.ts';

const REQUESTS = 3_500_000;
const RESPONSES = 1_500_000;
/** Of one seed; each thread takes one after the other. */
const CHUNK = 50_000;
/** One in so many is also read cut in two at every boundary. */
const CUT_ONE_IN = 50;

interface Part {
  readonly seed: number;
  readonly requests: number;
  readonly responses: number;
}

if (!isMainThread && workerData?.part) {
  const { seed, requests, responses } = workerData.part as Part;
  let accepted = 0;
  for (let done = 0, at = seed; done < requests; done += CHUNK, at++)
    accepted += await compareRequests({ seed: at, count: Math.min(CHUNK, requests - done), everyCut: CHUNK / CUT_ONE_IN });
  for (let done = 0, at = seed; done < responses; done += CHUNK, at++)
    accepted += await compareResponses({ seed: at, count: Math.min(CHUNK, responses - done), everyCut: CHUNK / CUT_ONE_IN });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(accepted);
}

export default {
  name: 'parser beside llhttp',
  async run({ share, seed }) {
    const threads = Math.min(4, availableParallelism());
    const each = (all: number) => Math.ceil((all * share) / threads);
    const parts = Array.from({ length: threads }, (_, i) => ({
      seed: seed + i * 1000,
      requests: each(REQUESTS),
      responses: each(RESPONSES),
    }));
    const accepted = await Promise.all(
      parts.map(async (part) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { part } });
        const [count] = (await once(worker, 'message')) as [number];
        return count;
      }),
    );
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    return { requests: sum(parts.map((p) => p.requests)), responses: sum(parts.map((p) => p.responses)), accepted: sum(accepted) };
  },
} satisfies SoakStep;
