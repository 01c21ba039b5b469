/** Texts of bytes that came lately: paths, keys and hosts come again and again, and making a text costs more than comparing bytes. */

const SLOTS = 256;
const LENGTH_MAX = 64;
/** The bytes of each slot's text. */
const bytes = new Uint8Array(SLOTS * LENGTH_MAX);
const texts: string[] = Array.from({ length: SLOTS }, () => '');

/**
 * `b[start, end)` as latin1. Short ones are remembered, one per slot: the same text object each time also keeps its hash.
 * A comparison looks at every byte, whatever differs, so that its time says nothing of a secret among them.
 */
export function knownText(b: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length <= 0) return '';
  if (length > LENGTH_MAX) return b.toString('latin1', start, end);
  const slot = (length * 37 + b[start + (length >> 1)]! * 5 + b[end - 1]! * 3) & (SLOTS - 1);
  const at = slot * LENGTH_MAX;
  const text = texts[slot]!;
  if (text.length === length) {
    let difference = 0;
    for (let i = 0; i < length; i++) difference |= bytes[at + i]! ^ b[start + i]!;
    if (difference === 0) return text;
  }
  for (let i = 0; i < length; i++) bytes[at + i] = b[start + i]!;
  return (texts[slot] = b.toString('latin1', start, end));
}
