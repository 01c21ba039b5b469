/** How old a call is, by its id. */

/** Clocks of browsers and servers differ by so much. */
const YOUNG_MS = 60_000;

/**
 * True when the id was made about `now` (ms since 1970). Ids hold their time; a caller's own stands before it.
 * Source: RFC 9562 §5.7, UUID version 7.
 */
export function isYoung(id: string, now: number): boolean {
  const [, high, low] = /([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.exec(id) ?? [];
  return high !== undefined && Math.abs(now - Number.parseInt(`${high}${low}`, 16)) < YOUNG_MS;
}
