/**
 * Call records of all threads on their way to control. While control is away they wait here, bounded;
 * then the newest are dropped and counted. At most what waits here and in the rings is lost at a kill.
 */
import type { ToldCall } from '../sdk/call-record.ts';
import type { ControlChannel } from '../sdk/channel.ts';
import { readCallBatch } from './call-batch.ts';
import type { CallBatch } from './call-ring.ts';

export interface CallOutbox {
  add(batch: CallBatch): void;
  /** Notes records that died with their thread. */
  killed(count: number): void;
  /** Sends what waits, in messages of bounded size, until the line is full. `inThreads`: records not collected yet. */
  flush(channel: Pick<ControlChannel, 'send'>, inThreads: number): void;
  /** Records dropped here since the start. */
  readonly dropped: number;
}

const RECORDS_PER_MESSAGE = 2000;

/** Makes an outbox for at most `capacity` records. */
export function createCallOutbox(capacity: number): CallOutbox {
  let waiting: ToldCall[] = [];
  let dropped = 0;
  let untold = 0;
  let killed = 0;
  let toldWaiting = 0;
  return {
    killed: (count) => void (killed += count),
    add(batch) {
      const room = Math.max(0, capacity - waiting.length);
      const records = readCallBatch(batch);
      const lost = Math.max(0, records.length - room);
      waiting.push(...(lost > 0 ? records.slice(0, room) : records));
      dropped += lost;
      untold += lost + batch.dropped;
    },
    flush(channel, inThreads) {
      while (waiting.length > 0 || untold > 0 || killed > 0 || toldWaiting !== inThreads) {
        const records = waiting.slice(0, RECORDS_PER_MESSAGE);
        const left = waiting.length - records.length + inThreads;
        if (!channel.send({ type: 'calls', records, dropped: untold, killed, waiting: left })) return;
        waiting = waiting.slice(RECORDS_PER_MESSAGE);
        untold = killed = 0;
        toldWaiting = left;
      }
    },
    get dropped() {
      return dropped;
    },
  };
}
