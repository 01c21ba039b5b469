/** Framing fields of an answer that would be untrue of what goes on to the client. */
import { DROPPED, type Head } from '../http/head.ts';

/** Framing fields that would be wrong in what we send: transfer coding always, length when there is no content at all. */
export function dropFraming(head: Head, lengthToo: boolean): void {
  for (let n = 0; n < head.count; n++) {
    const length = head.spans[n * 4 + 1]! - head.spans[n * 4]!;
    const isCoding =
      length === 17 &&
      head.chunked &&
      head.buffer.toString('latin1', head.spans[n * 4], head.spans[n * 4 + 1]).toLowerCase() === 'transfer-encoding';
    const isLength =
      lengthToo &&
      length === 14 &&
      head.buffer.toString('latin1', head.spans[n * 4], head.spans[n * 4 + 1]).toLowerCase() === 'content-length';
    if (isCoding || isLength) head.kinds[n] = DROPPED;
  }
}
