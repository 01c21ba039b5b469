/**
 * Assembles one outgoing message in one piece of memory, so that it costs one write.
 * A slab is filled front to back. What the kernel has taken is given back and used again, so the
 * memory stays warm; what a socket still holds is never touched. Every store is checked for room.
 */
const SLAB_BYTES = 256 * 1024;
/** Below this a byte loop beats the call of a native copy (measured: 0.7 ns a byte against 30 ns). */
const LOOP_BYTES = 36;

export interface Writer {
  /** Starts a message. */
  begin(): void;
  /** Adds `b[start, end)`. */
  bytes(b: Buffer, start: number, end: number): void;
  /** Adds a text whose characters are single bytes (latin1). */
  text(text: string): void;
  /** The message as a view; valid until its memory has been given back by `release` or `rewind`. */
  finish(): Buffer;
  /** The last message is with the kernel (`isOut`): its memory may be used again; else it is never touched again. */
  release(isOut: boolean): void;
  /** Everything so far is never touched again. */
  hold(): void;
  /** All messages but those held or kept by `release` are out: their memory may be used again. */
  rewind(): void;
}

/** One per thread; messages are assembled one at a time, never two at once. */
export function createWriter(slabBytes = SLAB_BYTES): Writer {
  let slab = Buffer.allocUnsafeSlow(slabBytes);
  let begin = 0;
  let at = 0;
  /** What sockets keep ends here. */
  let held = 0;

  /** Makes room for `count` more bytes, moving what there is of the message to a new slab if needed. */
  function room(count: number): void {
    if (at + count <= slab.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(slabBytes, (at - begin + count) * 2));
    slab.copy(larger, 0, begin, at);
    at -= begin;
    begin = 0;
    held = 0;
    slab = larger;
  }

  return {
    begin() {
      begin = at;
    },
    bytes(b, start, end) {
      const count = end - start;
      if (count <= 0) return;
      room(count);
      if (count > LOOP_BYTES) {
        b.copy(slab, at, start, end);
        at += count;
        return;
      }
      let o = at;
      for (let i = start; i < end; i++) slab[o++] = b[i]!;
      at = o;
    },
    text(text) {
      const count = text.length;
      room(count);
      if (count > LOOP_BYTES) {
        slab.write(text, at, count, 'latin1');
        at += count;
        return;
      }
      let o = at;
      for (let i = 0; i < count; i++) slab[o++] = text.charCodeAt(i);
      at = o;
    },
    finish: () => slab.subarray(begin, at),
    release(isOut) {
      if (isOut) at = Math.max(begin, held);
      else held = at;
    },
    hold() {
      held = at;
    },
    rewind() {
      begin = at = held;
    },
  };
}
