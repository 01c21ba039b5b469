/**
 * Whole messages on their way out, sent together at the end of a turn of the event loop: dozens of connections speak in one
 * turn, and reading them all before writing to anybody keeps the processor's caches warm and wakes each receiver once.
 * Bounded: when enough wait, they go at once. The bytes stand in the writer's slab, which is rewound when all are out.
 */
import type { Writer } from './writer.ts';

/** Who has a whole message to send. */
export interface Sender {
  /** Writes what waits, if it still does; false when the socket keeps bytes of it. */
  sendNow(): boolean;
}

/** The messages that wait on one thread. */
export interface Outbox {
  /** `sender` is asked for its message of so many bytes soon: at the latest when this turn of the event loop ends. */
  add(sender: Sender, bytes: number): void;
  /** Has the message of `sender` written now, since more is to follow it. It is not asked again for the same one. */
  hurry(sender: Sender): void;
}

/** As many wait at most: about what one core's second cache holds next to everything else. */
const WAITING_MAX = 32;
/** The same in bytes: far less than the slab they stand in. */
const BYTES_MAX = 64 * 1024;

/** Makes the outbox of a thread. `soon` calls back when everything that is ready now has been read. */
export function createOutbox(writer: Pick<Writer, 'hold' | 'rewind'>, soon: (action: () => void) => unknown = setImmediate): Outbox {
  const waiting: (Sender | undefined)[] = Array.from({ length: WAITING_MAX }, () => undefined);
  let count = 0;
  let size = 0;
  let isDue = false;
  let isSending = false;

  function send(): void {
    isSending = true;
    for (let i = 0; i < count; i++) {
      if (!waiting[i]!.sendNow()) writer.hold();
      waiting[i] = undefined;
    }
    count = size = 0;
    isSending = false;
    writer.rewind();
  }

  function onSoon(): void {
    isDue = false;
    if (count > 0) send();
  }

  function hurry(sender: Sender): void {
    if (!sender.sendNow()) writer.hold();
  }

  return {
    hurry,
    add(sender, bytes) {
      if (isSending) return hurry(sender);
      waiting[count++] = sender;
      size += bytes;
      if (count === WAITING_MAX || size >= BYTES_MAX) return send();
      if (isDue) return;
      isDue = true;
      soon(onSoon);
    },
  };
}
