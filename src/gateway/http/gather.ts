/** Collects a head that came in pieces: each byte is copied once, and the head reads on where it stopped. */
import type { Head } from './head.ts';

const FIRST_BYTES = 2048;

/** Memory of one partial head. */
export class Gather {
  buffer: Buffer;
  length: number;

  /** Takes over what `head` has of its message, up to `end` in its present buffer. */
  constructor(head: Head, end: number) {
    const { start } = head;
    this.length = end - start;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.length * 2));
    head.buffer.copy(this.buffer, 0, start, end);
    head.moveTo(this.buffer, start);
  }

  /** Adds `b[start, end)` behind what is there. */
  append(head: Head, b: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(length * 2);
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
      head.moveTo(larger, 0);
    }
    b.copy(this.buffer, this.length, start, end);
    this.length = length;
  }
}
