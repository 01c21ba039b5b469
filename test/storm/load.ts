/**
 * The callers of the change storm, in a thread of their own: requests to random routes at a steady rate (each begins when
 * its time has come, whether or not earlier ones were answered), and who asks changed routes until every connection sees
 * the change. Counts what fails, remembers how long answers take.
 */
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is started with. */
export interface LoadOptions {
  readonly gateway: string;
  readonly routes: number;
  readonly perSecond: number;
  /** Connections that watch a change: the kernel spreads them over the gateway's threads. */
  readonly watchers: number;
}

/** What the thread answers to `{ kind: 'take' }`: since the last time it was asked. */
export interface LoadCount {
  readonly requests: number;
  readonly failed: readonly string[];
  readonly failures: number;
  /** Milliseconds from the time a request was due to its last byte. */
  readonly latencies: Float64Array;
}

const FAILURES_SHOWN = 20;
const OPEN_MAX = 2000;
const WATCH_LIMIT_MS = 20_000;
const WATCH_MS = 10;

if (parentPort) serve(workerData as LoadOptions, parentPort);

function serve(options: LoadOptions, port: NonNullable<typeof parentPort>): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let latencies: number[] = [];
  let failed: string[] = [];
  let failures = 0;
  let open = 0;
  const fail = (why: string) => {
    failures++;
    if (failed.length < FAILURES_SHOWN) failed.push(why);
  };
  let due = performance.now();
  const step = 1000 / options.perSecond;
  const beat = setInterval(() => {
    for (; due <= performance.now(); due += step) {
      if (open >= OPEN_MAX) fail('more than 2000 requests wait for an answer');
      else {
        const from = due;
        const route = Math.floor(Math.random() * options.routes);
        open++;
        void ask(`${options.gateway}/r${route}/x`, agent).then(
          ({ status }) => (open--, status === 200 ? latencies.push(performance.now() - from) : fail(`status ${status}`)),
          (error: Error) => (open--, fail(error.message)),
        );
      }
    }
  }, 1);
  const watchers = Array.from({ length: options.watchers }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  port.on('message', (message: { kind: 'take' } | { kind: 'watch'; id: number; route: number; mark: string } | { kind: 'end' }) => {
    if (message.kind === 'end') {
      clearInterval(beat);
      for (const one of [agent, ...watchers]) one.destroy();
      return port.close();
    }
    if (message.kind === 'take') {
      port.postMessage({ kind: 'count', requests: latencies.length, failed, failures, latencies: Float64Array.from(latencies) });
      latencies = [];
      failed = [];
      failures = 0;
      return;
    }
    const url = `${options.gateway}/r${message.route}/x`;
    const all = Promise.all(watchers.map((one) => until(url, one, message.mark)));
    void all.then(
      () => port.postMessage({ kind: 'live', id: message.id, at: Date.now() }),
      (error: Error) => fail(`change ${message.id}: ${error.message}`),
    );
  });
  port.postMessage({ kind: 'ready' });
}

async function until(url: string, agent: Agent, mark: string): Promise<void> {
  const end = performance.now() + WATCH_LIMIT_MS;
  for (;;) {
    const { status, body } = await ask(url, agent);
    if (status !== 200) throw new Error(`status ${status}`);
    if (body.includes(mark)) return;
    if (performance.now() > end) throw new Error(`not live after ${WATCH_LIMIT_MS} ms: ${body.slice(0, 60)} instead of ${mark}`);
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}

function ask(url: string, agent: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, timeout: 30_000 }, (answer) => {
      let body = '';
      answer.setEncoding('latin1');
      answer.on('data', (part: string) => (body += part));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 30 s')));
    asked.on('error', reject);
    asked.end();
  });
}
