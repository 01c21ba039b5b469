/** Bytes of a client not read yet: the present chunk, and a bounded number of later ones; beyond, reading stops. */
import type { Socket } from 'node:net';

const CHUNKS_MAX = 16;
/** Smaller chunks are left to the collector. */
const FREE_BYTES_MIN = 8 * 1024;
const EMPTY = Buffer.alloc(0);
/** Stands for no later chunks; never written to. */
const NONE: Buffer[] = [];
/** Chunks of which somebody may look at a part for longer than their requests last: never given back. */
const lent = new WeakSet<Buffer>();

export class Input {
  buffer: Buffer = EMPTY;
  /** Next byte to read, and the end, in `buffer`. Setting `at` to `end` moves on to the next chunk. */
  end = 0;
  private position = 0;
  private readonly socket: Socket;
  private readonly bytesMax: number;
  private later: Buffer[] = NONE;
  private laterBytes = 0;
  private full = false;
  private held = false;

  constructor(socket: Socket, bytesMax: number) {
    this.socket = socket;
    this.bytesMax = bytesMax;
  }

  get at(): number {
    return this.position;
  }

  set at(position: number) {
    this.position = position;
    if (position >= this.end) this.nextChunk();
  }

  /** Bytes left in the present chunk. */
  get length(): number {
    return this.end - this.position;
  }

  get isEmpty(): boolean {
    return this.length === 0 && this.later.length === 0;
  }

  add(chunk: Buffer): void {
    if (this.length === 0) return this.use(chunk);
    if (this.later === NONE) this.later = [chunk];
    else this.later.push(chunk);
    this.laterBytes += chunk.length;
    if (this.later.length < CHUNKS_MAX && this.laterBytes <= this.bytesMax) return;
    this.full = true;
    this.socket.pause();
  }

  /** The present chunk's bytes now stand, with those before them, in `buffer[0, end)`. */
  replace(buffer: Buffer, end: number): void {
    this.buffer = buffer;
    this.position = 0;
    this.end = end;
  }

  /** Everything not read yet, taken away. */
  rest(): Buffer {
    const bytes = Buffer.concat([this.buffer.subarray(this.position, this.end), ...this.later]);
    this.clear();
    return bytes;
  }

  takeAll(): void {
    this.at = this.end;
  }

  /** Stops reading from the socket until `resume`. */
  pause(): void {
    this.held = true;
    this.socket.pause();
  }

  resume(): void {
    this.held = false;
    if (!this.full) this.socket.resume();
  }

  /** Lets go of bytes that were read: an idle connection keeps none. */
  release(): void {
    if (this.isEmpty) this.replace(EMPTY, 0);
  }

  /** Somebody may look at a part of the present chunk for longer than the request that it belongs to lasts. */
  lend(): void {
    lent.add(this.buffer);
  }

  /**
   * Gives back the memory of a chunk that came from a socket, is read to its end, and that nobody looks at any more. Left to
   * the collector, bodies of many megabytes have it mark the whole heap several times a second.
   */
  free(chunk: Buffer): void {
    const { buffer: memory, byteOffset, length } = chunk;
    if (length < FREE_BYTES_MIN || byteOffset > 0 || length * 2 < memory.byteLength || !(memory instanceof ArrayBuffer)) return;
    if (lent.has(chunk)) return;
    if (this.buffer === chunk) this.replace(EMPTY, 0);
    memory.transfer(0);
  }

  clear(): void {
    this.later = NONE;
    this.laterBytes = 0;
    this.replace(EMPTY, 0);
    this.unfill();
  }

  private use(chunk: Buffer): void {
    this.buffer = chunk;
    this.position = 0;
    this.end = chunk.length;
  }

  private nextChunk(): void {
    if (this.later.length === 0) return;
    const chunk = this.later.shift()!;
    this.laterBytes -= chunk.length;
    this.use(chunk);
    this.unfill();
  }

  private unfill(): void {
    if (!this.full) return;
    this.full = false;
    if (!this.held) this.socket.resume();
  }
}
