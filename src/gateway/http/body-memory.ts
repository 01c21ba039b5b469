/**
 * Memory of a request's body on its way to the upstream. What came in large pieces is given back as soon as the kernel has
 * it: left to the collector, bodies of megabytes have it mark the whole heap many times a second.
 */
import type { Input } from './input.ts';

/** One per client connection; `begin` before each body. */
export class BodyMemory {
  private readonly input: Input;
  /** False when others may look at the input's pieces too: then nothing is ever given back here. */
  private readonly ownsPieces: boolean;
  /** What the request's head stands in; needed until the exchange is over. */
  private head: Buffer | undefined = undefined;
  /** The last piece that was not out, to be given back when it is. */
  private owed: Buffer | undefined = undefined;
  /** True while everything that was passed on is with the kernel. */
  private isOut = true;

  constructor(input: Input, ownsPieces: boolean) {
    this.input = input;
    this.ownsPieces = ownsPieces;
  }

  /** A request begins whose head stands in `head`. */
  begin(head: Buffer): void {
    this.head = head;
    this.owed = undefined;
    this.isOut = true;
  }

  /** Bytes of `piece` were passed on. `isOut`: they are with the kernel; `isWhole`: nothing else stands in it. */
  sent(piece: Buffer, isOut: boolean, isWhole: boolean): void {
    this.isOut &&= isOut;
    if (!isWhole || !this.ownsPieces) return;
    if (isOut) this.input.free(piece);
    else this.owed = piece;
  }

  /** The upstream takes bytes again. `isOut`: all of those before are with the kernel. */
  drained(isOut: boolean): void {
    if (isOut && this.owed) this.input.free(this.owed);
    this.isOut ||= isOut;
    this.owed = undefined;
  }

  /**
   * The exchange is over. Not all of its body need be out, when it was answered early: then the next request, which may stand
   * in the same piece, must not give that back when it is over in its turn.
   */
  end(): void {
    const { input, head } = this;
    this.head = this.owed = undefined;
    if (!this.isOut && !input.isEmpty) input.lend();
    if (this.isOut && this.ownsPieces) {
      if (head && head !== input.buffer) input.free(head);
      if (input.isEmpty) input.free(input.buffer);
    }
    input.release();
  }
}
