/**
 * Which texts a block of calls holds, in ten bits each: asked before a block is read. Says no only when it is so; says yes for one
 * text in a hundred that is not there. (Bloom, "Space/Time Trade-offs in Hash Coding with Allowable Errors", 1970.)
 */

const BITS_EACH = 10;
const PROBES = 7;

/** What a text is, so that a route's name does not stand for a consumer's. */
export const KINDS = ['id', 'traceId', 'project', 'consumer', 'clientAddress', 'route', 'method', 'release', 'reason'] as const;
export type Kind = (typeof KINDS)[number];

/** Empty, with room for `texts` texts. */
export function newSeen(texts: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.max(8, Math.ceil((texts * BITS_EACH) / 8)));
}

/** Notes the latin1 text that lies there. */
export function see(seen: Uint8Array, kind: Kind, bytes: Uint8Array, from: number, to: number): void {
  const first = hashOf(kind, bytes, from, to);
  const step = stepOf(first);
  const bits = seen.length * 8;
  for (let i = 0, at = first; i < PROBES; i++, at = (at + step) >>> 0) {
    const bit = at % bits;
    seen[bit >> 3]! |= 1 << (bit & 7);
  }
}

/** False when the text was never noted. */
export function mayHold(seen: Uint8Array, kind: Kind, text: string): boolean {
  const bytes = Buffer.from(text, 'latin1');
  const first = hashOf(kind, bytes, 0, bytes.length);
  const step = stepOf(first);
  const bits = seen.length * 8;
  for (let i = 0, at = first; i < PROBES; i++, at = (at + step) >>> 0) {
    const bit = at % bits;
    if ((seen[bit >> 3]! & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** FNV-1a, mixed at the end. */
function hashOf(kind: Kind, bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 ^ KINDS.indexOf(kind);
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

const stepOf = (hash: number): number => (Math.imul(hash, 0xc2b2ae35) ^ (hash >>> 16)) | 1;
