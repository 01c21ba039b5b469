/**
 * One stream of a run, from its sink's own checkpoint to the next:
 *
 *   sink.open ─▶ bound ─▶ read … look-ahead … write ─▶ commit (rows + position) ─ack─▶ store's copy ─▶ … ─▶ close
 *
 * Guarantees: the sink's checkpoint is where reading starts; the store's copy is written after the ack;
 * a failed or stopped read is never committed as if it were whole (`replace`, `full` + `append`, no unique key).
 */
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { LogLevel } from '../base/log.ts';
import { type Text, tell } from '../base/text.ts';
import type { ReadMode, Sink, SinkSession, Source } from '../sdk/connector.ts';
import type { Batch, Checkpoint, Position } from '../sdk/record.ts';
import { outside, SINK, SOURCE, within } from './abort.ts';
import type { PipelineLimits } from './limits.ts';
import { lookAhead } from './look-ahead.ts';
import type { StreamPlan } from './plan.ts';
import problems from './problems.ts';
import type { StreamTracker } from './progress.ts';

export interface StreamRunTools {
  readonly source: Source;
  readonly sink: Sink;
  /** Identity under which the sink keeps checkpoints: `project/pipeline`. */
  readonly pipeline: string;
  readonly run: string;
  readonly epoch: number;
  readonly batchBytes: number;
  readonly limits: PipelineLimits;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tracker: StreamTracker;
  log(level: LogLevel, message: Text): void;
  counted(rows: number, bytes: number): void;
  /** Writes the store's copy of a checkpoint that the sink acknowledged. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** Rows of the store's copy, for a sink that lost its own; 0 when there is none. */
  lastRows(): Promise<number>;
  /** True when the checkpoint was written by this run or an earlier attempt of it. */
  isOwn(checkpoint: Checkpoint): Promise<boolean>;
}

const OPENING: Text = { en: 'opening the sink', zh: '打开目标' };
const APPENDED: Text = {
  en: 'already appended by an earlier attempt of this run ({rows} row(s)); not repeated',
  zh: '本次运行的较早尝试已追加（{rows} 行）；不再重复',
};
const NULL_CURSORS: Text = {
  en: '{count} row(s) have no value in {cursor}: incremental reads never carry them',
  zh: '有 {count} 行的 {cursor} 没有值：增量读取不会传送它们',
};
const READS_AFTER: Text = { en: 'reads after {after} up to {upTo}', zh: '从 {after} 之后读到 {upTo}' };
const READS_ALL: Text = { en: 'reads from the start up to {upTo}', zh: '从头读到 {upTo}' };
const NOTHING: Text = { en: 'nothing', zh: '空' };

/** Carries one stream; resolves when its last checkpoint is acknowledged. Raises the problem that stopped it. */
export async function runStream(plan: StreamPlan, tools: StreamRunTools): Promise<void> {
  const { signal, limits, clock, tracker } = tools;
  tracker.begin(plan.stream.rowsEstimate ?? null);
  for (const note of plan.notes) tools.log(note.level, note.text);
  const session = await openSession(plan, tools);
  try {
    // The last run may have died between the ack and the store's copy: the copy catches up here.
    if (session.checkpoint) await tools.saveCheckpoint(session.checkpoint);
    if (await isAlreadyWritten(plan, session, tools)) return;
    const mode = await readMode(plan, session.checkpoint, tools);
    if (mode) await carry(plan, mode, session, tools);
    else if (!session.checkpoint) await commitNothing(session, tools);
    signal.throwIfAborted();
  } finally {
    // The sink drops what was not committed; one that cannot even let go in time must not hold the run.
    await within(session.close(), limits.closeMs, SINK, clock).catch(() => {});
  }
}

async function openSession(plan: StreamPlan, tools: StreamRunTools): Promise<SinkSession> {
  const target = {
    pipeline: tools.pipeline,
    stream: plan.position,
    run: tools.run,
    epoch: tools.epoch,
    namespace: plan.namespace,
    table: plan.table,
    schema: plan.stream,
    write: plan.write,
    key: plan.key,
    adopt: plan.adopt,
    allowEmpty: plan.allowEmpty,
  };
  let late = false;
  const { signal, clock, limits } = tools;
  const opening = (own: AbortSignal) =>
    tools.sink.open(target, own).then((session) => {
      // Opened after nobody waits any more: let go at once, or its locks would stay.
      if (late) session.close().catch(() => {});
      return session;
    });
  try {
    return await outside(opening, { signal, ms: limits.callMs, what: OPENING, clock });
  } catch (error) {
    late = true;
    throw error;
  }
}

/** `full` + `append` commits once; when that commit already happened in this run, repeating it would double the rows. */
async function isAlreadyWritten(plan: StreamPlan, session: SinkSession, tools: StreamRunTools): Promise<boolean> {
  const { checkpoint } = session;
  if (plan.mode.type !== 'full' || plan.write !== 'append' || !checkpoint) return false;
  if (!(await tools.isOwn(checkpoint))) return false;
  tools.log('info', tell(APPENDED, { rows: checkpoint.rows }));
  return true;
}

/** How to read, from where the sink stands; undefined when the source holds nothing to read. */
async function readMode(plan: StreamPlan, checkpoint: Checkpoint | null, tools: StreamRunTools): Promise<ReadMode | undefined> {
  if (plan.mode.type === 'full') return plan.mode;
  const { cursor, key, lookbackMs } = plan.mode;
  const { signal, clock, limits } = tools;
  const bound = await outside((own) => tools.source.bound(plan.stream, cursor, lookbackMs, own), {
    signal,
    ms: limits.callMs,
    what: SOURCE,
    clock,
  });
  const { upTo, nullCursors } = bound;
  tools.tracker.nulls(nullCursors);
  if (bound.warning !== undefined) tools.log('warn', bound.warning);
  if (nullCursors > 0) tools.log('warn', tell(NULL_CURSORS, { count: nullCursors, cursor }));
  const after = checkpoint?.position ?? null;
  tools.log('debug', tell(after ? READS_AFTER : READS_ALL, { after: after?.cursor, upTo: upTo ?? NOTHING }));
  if (upTo === null) return undefined;
  return { type: 'incremental', cursor, key, after, upTo };
}

/** Rows written since the last commit. */
interface Pending {
  rows: number;
  bytes: number;
  last: Position | null;
}

async function carry(plan: StreamPlan, mode: ReadMode, session: SinkSession, tools: StreamRunTools): Promise<void> {
  const { signal, limits, clock, tracker } = tools;
  // Without a key a position cannot stand between rows of one cursor value: only the end of the read is one.
  const wholeOnly = mode.type === 'full' ? plan.write !== 'upsert' : mode.key.length === 0;
  const call = { signal, ms: limits.callMs, what: SINK, clock };
  let pending: Pending = { rows: 0, bytes: 0, last: null };
  let total = 0;
  const commit = async () => {
    const { last } = pending;
    const checkpoint = await outside((own) => session.commit(last, own), call);
    pending = { rows: 0, bytes: 0, last: null };
    await tools.saveCheckpoint(checkpoint);
  };
  const ahead = { depth: limits.lookAhead, signal, closeMs: limits.closeMs, clock };
  for await (const batch of lookAhead(readBatches(plan, mode, tools), ahead)) {
    const { rows } = batch;
    const bytes = batch.data.byteLength; // The sink may transfer the buffer away.
    tracker.read(rows);
    await outside((own) => session.write(batch, own), call);
    tracker.wrote(rows, bytes);
    tools.counted(rows, bytes);
    pending = { rows: pending.rows + rows, bytes: pending.bytes + bytes, last: positionOf(batch, mode) };
    total += rows;
    if (!wholeOnly && (pending.bytes >= limits.commitBytes || pending.rows >= limits.commitRows)) await commit();
  }
  signal.throwIfAborted();
  if (plan.write === 'replace') await finish(plan, session, total, tools);
  else if (pending.rows > 0) await commit();
  else if (total === 0 && !session.checkpoint) await commitNothing(session, tools);
  tools.log('info', tell({ en: '{total} row(s) carried', zh: '已传送 {total} 行' }, { total }));
}

/** The first run of an empty stream still makes its target table. */
async function commitNothing(session: SinkSession, tools: StreamRunTools): Promise<void> {
  const { signal, limits, clock } = tools;
  await tools.saveCheckpoint(await outside((own) => session.commit(null, own), { signal, ms: limits.callMs, what: SINK, clock }));
}

/** Batches of the source; a wait for one of them is bounded. */
function readBatches(plan: StreamPlan, mode: ReadMode, tools: StreamRunTools) {
  return async function* (signal: AbortSignal): AsyncGenerator<Batch> {
    const iterator = tools.source.read({ stream: plan.stream, mode, batchBytes: tools.batchBytes }, signal)[Symbol.asyncIterator]();
    const call = { signal, ms: tools.limits.callMs, what: SOURCE, clock: tools.clock };
    try {
      for (;;) {
        const next = await outside(() => iterator.next(), call);
        if (next.done) return;
        if (next.value.rows > 0) yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  };
}

function positionOf(batch: Batch, mode: ReadMode): Position | null {
  if (mode.type === 'full') return null;
  assert(batch.last, `an incremental batch of ${batch.stream} names no position`);
  return batch.last;
}

async function finish(plan: StreamPlan, session: SinkSession, rows: number, tools: StreamRunTools): Promise<void> {
  const { signal, clock, limits } = tools;
  if (rows === 0 && !plan.allowEmpty) {
    const before = Math.max(session.checkpoint?.rows ?? 0, await tools.lastRows());
    if (before > 0) throw problems.raise['replace-empty']({ values: { stream: plan.stream.name, rows: before } });
  }
  const checkpoint = await outside((own) => session.finish(own), { signal, ms: limits.callMs, what: SINK, clock });
  await tools.saveCheckpoint(checkpoint);
}
