/**
 * Call records of all threads on their way to control, as the threads made them: nothing is read or made here. While control
 * is away they wait, bounded; then the newest are dropped and counted. At most what waits here and in the rings is lost at a kill.
 */
import { type CallBatch, packCallBatch, splitCallBatch } from '../sdk/call-batch.ts';
import type { ControlChannel } from '../sdk/channel.ts';

export interface CallOutbox {
  add(batch: CallBatch): void;
  /** Notes records that died with their thread. */
  killed(count: number): void;
  /** Sends what waits, in messages of bounded size, until the line is full. `inThreads`: records not collected yet. */
  flush(channel: Pick<ControlChannel, 'send'>, inThreads: number): void;
  /** Records dropped here since the start. */
  dropped(): number;
}

/** More than a thread makes in the tenth of a second between two batches: a batch is seldom split. */
const RECORDS_PER_MESSAGE = 8192;
const NONE: CallBatch = { count: 0, numbers: new Float64Array(0), bytes: new Uint8Array(0), names: [], dropped: 0 };

/** Makes an outbox for at most `capacity` records. */
export function createCallOutbox(capacity: number): CallOutbox {
  const batches: CallBatch[] = [];
  let waiting = 0;
  let dropped = 0;
  let untold = 0;
  let killed = 0;
  let toldWaiting = 0;
  return {
    killed: (count) => void (killed += count),
    add(batch) {
      const taken = Math.min(batch.count, capacity - waiting);
      const lost = batch.count - taken;
      let rest = lost > 0 ? splitCallBatch(batch, taken)[0] : batch;
      while (rest.count > 0) {
        const [part, after] = rest.count > RECORDS_PER_MESSAGE ? splitCallBatch(rest, RECORDS_PER_MESSAGE) : [rest, NONE];
        batches.push(part);
        rest = after;
      }
      waiting += taken;
      dropped += lost;
      untold += lost + batch.dropped;
    },
    flush(channel, inThreads) {
      let sent = 0;
      while (waiting > 0 || untold > 0 || killed > 0 || toldWaiting !== inThreads) {
        const batch = batches[sent] ?? NONE;
        const { bytes, ...calls } = packCallBatch(batch);
        const left = waiting - batch.count + inThreads;
        if (!channel.send({ type: 'calls', calls, bytes, dropped: untold, killed, waiting: left })) break;
        sent++;
        waiting -= batch.count;
        untold = killed = 0;
        toldWaiting = left;
      }
      batches.splice(0, sent);
    },
    dropped: () => dropped,
  };
}
