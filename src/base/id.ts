/** Identifiers: UUID version 7, sortable by time. Source: RFC 9562 §5.7. */
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export type NewId = () => string;

/** Makes a generator of UUIDv7 texts; ids of one generator sort in the order they were made. */
export function idGenerator(clock: Pick<Clock, 'now'>, random: Random): NewId {
  let lastMs = 0;
  let sequence = 0;
  return () => {
    const now = clock.now();
    if (now > lastMs) {
      lastMs = now;
      sequence = random.integer(0x800);
    } else if (++sequence > 0xfff) {
      lastMs += 1; // The clock stood still or went back: borrow from the next millisecond.
      sequence = 0;
    }
    const time = lastMs.toString(16).padStart(12, '0');
    const tail = Buffer.from(random.bytes(8));
    tail[0] = 0x80 | (tail[0]! & 0x3f);
    const low = tail.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}-${low.slice(0, 4)}-${low.slice(4)}`;
  };
}

/** True for the text form of any UUID. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}
