/** Real pipelines on real connectors for end-to-end tests: a worker in this process, runs kept in memory. */
import { createHash } from 'node:crypto';
import { Registry } from 'prom-client';
import { systemClock } from '../../src/base/clock.ts';
import { contentHash, type Json } from '../../src/base/json.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { DEFAULT_LIMITS, type PipelineLimits } from '../../src/pipeline/limits.ts';
import { startWorker, type Worker } from '../../src/pipeline/worker.ts';
import type { FromControl } from '../../src/sdk/channel.ts';
import type { ConnectorComponent } from '../../src/sdk/connector.ts';
import { type AnyEntry, revisionHash } from '../../src/sdk/revision.ts';
import type { Run, RunStore } from '../../src/sdk/run.ts';
import { connect, suiteTools } from '../../src/sdk/suites/connector-tools.ts';
import { direct, type MemoryRuns, memoryRuns } from '../simulation/run-store.ts';

export interface TestConnection {
  readonly component: ConnectorComponent;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface PipelineWorld {
  readonly store: MemoryRuns;
  /** Runs the pipeline `name` with `spec` (connections `from` and `to`) once and answers the ended run. */
  run(spec: Readonly<Record<string, unknown>>, name?: string): Promise<Run>;
  stop(): Promise<void>;
}

/** Entries of a revision: the connections by name, and one pipeline. */
export function entriesOf(
  connections: Readonly<Record<string, TestConnection>>,
  name: string,
  spec: Readonly<Record<string, unknown>>,
): AnyEntry[] {
  const all: AnyEntry[] = Object.entries(connections).map(([id, { component, config }]) => ({
    type: 'connection',
    key: `connection/test/${id}`,
    hash: contentHash([id, component.id, config as Json]),
    value: { project: 'test', name: id, type: component.id, config, poolMax: 2 },
  }));
  const release = contentHash(spec as Json);
  return [...all, { type: 'pipeline', key: `pipeline/test/${name}`, hash: release, value: { project: 'test', name, release, spec } }];
}

/** Starts a worker on `entries` with the given stores; `folder` is where file connectors may look. */
export function workerOn(
  components: readonly ConnectorComponent[],
  runStore: RunStore,
  limits: PipelineLimits,
  instance: string,
  folder?: string,
): { worker: Worker; revise(entries: AnyEntry[]): void; wake(): void } {
  let tell: (message: FromControl) => void = () => {};
  let revision = 0;
  const worker = startWorker({
    channel: { send: () => true, onMessage: (handler) => void (tell = handler), onClose() {}, close() {} },
    runStore,
    scheduleStore: { advance: async () => false, next: async () => 2 ** 50 },
    instance,
    pid: process.pid,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    limits,
    registry: new Registry(),
    open: ({ type, config }) => connect(components.find((c) => c.id === type)!, config, suiteTools(folder)),
  });
  return {
    worker,
    revise: (put) => tell({ type: 'revision', delta: { from: 0, to: ++revision, hash: revisionHash(put), put, remove: [] } }),
    wake: () => tell({ type: 'runs-waiting' }),
  };
}

/** Makes a world of pipelines between `connections`; batches and commits are small so that edges are met. */
export function pipelineWorld(connections: Readonly<Record<string, TestConnection>>, folder?: string): PipelineWorld {
  const store = memoryRuns(systemClock);
  const stores = store.stores(direct);
  const limits = { ...DEFAULT_LIMITS, pollMs: 50, commitRows: 3_000, releaseWaitMs: 0 };
  const components = Object.values(connections).map((c) => c.component);
  const { worker, revise, wake } = workerOn(components, stores, limits, 'test-worker', folder);
  return {
    store,
    async run(spec, name = 'copy') {
      revise(entriesOf(connections, name, { batch: '16KiB', retry: { attempts: 1 }, ...spec }));
      const queued = await stores.enqueue({
        project: 'test',
        pipeline: name,
        release: 'r',
        trigger: 'manual',
        attempt: 1,
        attemptsMax: 1,
        dueAt: 0,
        requestedBy: 'test',
        overlap: 'queue',
      });
      wake();
      return waitForRun(store, queued!.id);
    },
    stop: () => worker.stop({ graceMs: 0 }),
  };
}

/** Waits until a run ended; fails after a minute. */
export async function waitForRun(store: MemoryRuns, id: string): Promise<Run> {
  const end = systemClock.monotonic() + 60_000;
  for (;;) {
    const run = store.runs.find((r) => r.id === id)!;
    if (run.state === 'done') return run;
    if (systemClock.monotonic() > end) throw new Error(`run ${id} did not end: ${JSON.stringify(run)}`);
    await systemClock.sleep(5);
  }
}

/** One number for the contents of a table, whatever the order of its rows: the sum of a 64-bit hash of each. */
export function checksum(rows: Iterable<readonly (string | null)[]>): string {
  let sum = 0n;
  let count = 0;
  for (const row of rows) {
    // JSON keeps null apart from the text "null", and cells apart from each other.
    sum += createHash('sha256').update(JSON.stringify(row)).digest().readBigUInt64BE();
    count += 1;
  }
  return `${count} rows, ${BigInt.asUintN(64, sum).toString(16)}`;
}
