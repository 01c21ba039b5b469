/**
 * For tests: sockets that are full at once and keep what they are given for a while, as those of a slow reader far away do.
 * On one machine the kernel takes megabytes before it says so.
 */
import { Socket } from 'node:net';
import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import type { Random } from '../../base/random.ts';
import { turns } from '../http/fixture.ts';

/** So little is too much. */
const FULL_BYTES = 500;
const KEPT_SHARE = 0.2;
const TURNS_MAX = 12;

/** Strains all sockets of this process, until the answer is called. */
export function strainSockets(random: Random): () => void {
  const before = getDefaultHighWaterMark(false);
  const prototype = Socket.prototype as { write?: unknown };
  const write = Socket.prototype.write;
  const wasOwn = Object.hasOwn(prototype, 'write');
  setDefaultHighWaterMark(false, FULL_BYTES);
  prototype.write = function (this: Socket, ...given: Parameters<Socket['write']>): boolean {
    if (this.writableCorked === 0 && random.float() < KEPT_SHARE) {
      this.cork();
      void turns(1 + random.integer(TURNS_MAX)).then(() => this.uncork());
    }
    return write.apply(this, given);
  };
  return () => {
    if (wasOwn) prototype.write = write;
    else delete prototype.write;
    setDefaultHighWaterMark(false, before);
  };
}
