/**
 * Call records of all threads on their way to control. While control is away they wait here, bounded;
 * then the newest are dropped and counted. At most what waits here and in the rings is lost at a kill.
 */
import type { ToldCall } from '../sdk/call-record.ts';
import type { ControlChannel } from '../sdk/channel.ts';
import { type CallBatch, readCallBatch } from './call-ring.ts';

export interface CallOutbox {
  add(batch: CallBatch): void;
  /** Sends what waits, in messages of bounded size, until the line is full. */
  flush(channel: Pick<ControlChannel, 'send'>): void;
  /** Records dropped here since the start. */
  readonly dropped: number;
}

const RECORDS_PER_MESSAGE = 2000;

/** Makes an outbox for at most `capacity` records. */
export function createCallOutbox(capacity: number): CallOutbox {
  let waiting: ToldCall[] = [];
  let dropped = 0;
  let untold = 0;
  return {
    add(batch) {
      const room = Math.max(0, capacity - waiting.length);
      const records = readCallBatch(batch);
      const lost = Math.max(0, records.length - room);
      waiting.push(...(lost > 0 ? records.slice(0, room) : records));
      dropped += lost;
      untold += lost + batch.dropped;
    },
    flush(channel) {
      while (waiting.length > 0 || untold > 0) {
        if (!channel.send({ type: 'calls', records: waiting.slice(0, RECORDS_PER_MESSAGE), dropped: untold })) return;
        waiting = waiting.slice(RECORDS_PER_MESSAGE);
        untold = 0;
      }
    },
    get dropped() {
      return dropped;
    },
  };
}
