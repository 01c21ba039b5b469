/**
 * Content that waits in a stream nobody reads just now, in few pieces: a peer may send its window as frames of one byte, and
 * each would be kept as an object of its own, a hundred times its size. Pieces are joined while they wait, and given on in
 * order before anything else.
 */
import type { Readable } from 'node:stream';

/** Smaller pieces are joined. */
const SMALL_BYTES = 1024;
const JOINED_BYTES = 16 * 1024;

/** Joins what is pushed into `stream` while it is paused. Call the answer when it is read again. */
export function joinSmallPieces(stream: Readable): () => void {
  const push = stream.push.bind(stream);
  let joined: Buffer | undefined;
  let length = 0;
  const giveOn = (): void => {
    if (!joined) return;
    const bytes = joined.subarray(0, length);
    joined = undefined;
    length = 0;
    push(bytes);
  };
  stream.push = (piece: Buffer | null, encoding?: BufferEncoding): boolean => {
    const isSmall = piece !== null && piece.length > 0 && piece.length < SMALL_BYTES;
    if (!isSmall || !stream.isPaused()) {
      giveOn();
      return push(piece, encoding);
    }
    if (joined && length + piece.length > JOINED_BYTES) giveOn();
    joined ??= Buffer.allocUnsafeSlow(JOINED_BYTES);
    length += piece.copy(joined, length);
    return true; // The window, not the number of pieces, bounds what waits.
  };
  return giveOn;
}
