/**
 * Chunked transfer coding: checks every byte, says where the body ends and which bytes to pass on.
 * Chunks pass as they came; extensions are bounded; **trailer fields are checked and taken out**, since a receiver that
 * merges them could be told things the head's checks forbid. Who passes some on asks for them and chooses (trailers.ts).
 * Source: RFC 9112 §7.1 (grammar), RFC 9110 §6.5.1 (a recipient may discard trailers).
 */
import { TOKEN, VALUE } from './bytes.ts';

const SIZE = 0;
const EXTENSION_START = 1;
const EXTENSION_NAME = 2;
const EXTENSION_VALUE_START = 3;
const EXTENSION_VALUE = 4;
const SIZE_LF = 5;
const DATA = 6;
const DATA_CR = 7;
const DATA_LF = 8;
const TRAILER = 9;
const TRAILER_NAME = 10;
const TRAILER_VALUE = 11;
const TRAILER_LF = 12;
const END_LF = 13;

/** Digits of a chunk size: up to 4 GiB per chunk. */
const DIGITS_MAX = 8;
/** Bytes of chunk extensions of one body. */
const EXTENSION_BYTES_MAX = 4096;
/** Bytes and number of the trailer fields of one body. */
const TRAILER_BYTES_MAX = 8192;
const TRAILERS_MAX = 64;
/** Memory for kept trailers begins with this and doubles. */
const FIRST_BYTES = 256;
const EMPTY = Buffer.alloc(0);

/** One body's position. `reset()` before each body; then `take` piece by piece, split anywhere. */
export class Chunked {
  /** True after the last byte. */
  done = false;
  /** After `take`: bytes up to here are to be passed on; trailer fields, and the CRLF behind them, are not among them. */
  passEnd = 0;
  /** Bytes of data so far, without framing. */
  dataBytes = 0;
  /** Trailer fields are wanted. */
  keepsTrailers = false;
  private state = SIZE;
  private size = 0;
  private digits = 0;
  private extensionBytes = 0;
  private trailerBytes = 0;
  private trailerCount = 0;
  private section = EMPTY;

  /** Ready for the next body. */
  reset(): void {
    this.done = this.keepsTrailers = false;
    this.section = EMPTY;
    this.state = SIZE;
    this.size = this.digits = this.dataBytes = this.extensionBytes = this.trailerBytes = this.trailerCount = this.passEnd = 0;
  }

  /**
   * After the `take` that ends a body with trailer fields: their lines, each with its CRLF, or no bytes when they are not
   * wanted. The receiver is owed what passes of them, and the CRLF behind. Undefined for a body without. Theirs to keep.
   */
  get trailers(): Buffer | undefined {
    return this.done && this.trailerBytes > 0 ? this.section.subarray(0, this.trailerBytes) : undefined;
  }

  /**
   * Reads `b[i, end)`; answers the index after the bytes that belong to this body, or -1 when it is malformed.
   * `onData` gets each run of data, for a receiver that does not know the coding.
   */
  take(b: Uint8Array, i: number, end: number, onData?: (start: number, end: number) => void): number {
    this.passEnd = i;
    while (i < end && !this.done) {
      if (this.state === DATA) {
        const run = Math.min(end - i, this.size);
        if (onData) onData(i, i + run);
        this.dataBytes += run;
        this.size -= run;
        i += run;
        if (this.size === 0) this.state = DATA_CR;
      } else if (!(this.state >= TRAILER ? this.trailer(b[i]!) : this.frame(b[i]!))) {
        return -1;
      } else {
        i++;
      }
      if (this.trailerBytes === 0) this.passEnd = i;
    }
    return i;
  }

  /** One byte of a size line or of the CRLF after data. */
  private frame(c: number): boolean {
    if (this.state === SIZE) return this.sizeByte(c);
    if (this.state <= EXTENSION_VALUE) return this.extensionByte(c);
    if (this.state === DATA_CR) {
      this.state = DATA_LF;
      return c === 13;
    }
    if (c !== 10) return false;
    if (this.state === DATA_LF) this.state = SIZE;
    else this.state = this.size === 0 ? TRAILER : DATA;
    this.digits = 0;
    return true;
  }

  private sizeByte(c: number): boolean {
    const low = c | 0x20;
    const digit = c >= 48 && c <= 57 ? c - 48 : low >= 97 && low <= 102 ? low - 87 : -1;
    if (digit >= 0) {
      this.size = this.size * 16 + digit;
      return ++this.digits <= DIGITS_MAX;
    }
    if (this.digits === 0) return false;
    if (c === 13) this.state = SIZE_LF;
    else if (c === 59) this.state = EXTENSION_START;
    else return false;
    return true;
  }

  /** `;name` or `;name=value` of tokens; quoted values and spaces are refused, since nobody needs them. */
  private extensionByte(c: number): boolean {
    if (++this.extensionBytes > EXTENSION_BYTES_MAX) return false;
    if (TOKEN[c] === 1) {
      if (this.state === EXTENSION_START || this.state === EXTENSION_VALUE_START) this.state++;
      return true;
    }
    if (this.state === EXTENSION_START || this.state === EXTENSION_VALUE_START) return false;
    if (c === 13) this.state = SIZE_LF;
    else if (c === 59) this.state = EXTENSION_START;
    else if (c === 61 && this.state === EXTENSION_NAME) this.state = EXTENSION_VALUE_START;
    else return false;
    return true;
  }

  /** One byte of the trailer section, the last CRLF included. */
  private trailer(c: number): boolean {
    if (this.state === TRAILER) {
      if (c === 13) {
        this.state = END_LF;
        return true;
      }
      this.state = TRAILER_NAME;
      return TOKEN[c] === 1 && ++this.trailerCount <= TRAILERS_MAX && this.keep(c);
    }
    if (this.state === END_LF) return (this.done = c === 10);
    if (!this.keep(c)) return false;
    if (this.state === TRAILER_NAME) {
      if (c === 58) this.state = TRAILER_VALUE;
      else return TOKEN[c] === 1;
      return true;
    }
    if (this.state === TRAILER_VALUE) {
      if (c === 13) this.state = TRAILER_LF;
      else return VALUE[c] === 1;
      return true;
    }
    this.state = TRAILER;
    return c === 10;
  }

  /** Counts a byte of the trailer fields; false when they are too many. */
  private keep(c: number): boolean {
    const at = this.trailerBytes++;
    if (at >= TRAILER_BYTES_MAX) return false;
    if (!this.keepsTrailers) return true;
    if (at >= this.section.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, at * 2));
      this.section.copy(larger);
      this.section = larger;
    }
    this.section[at] = c;
    return true;
  }
}
