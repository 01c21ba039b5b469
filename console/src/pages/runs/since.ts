/** Spans of time as they stand in the address: `1h`, `24h`, `7d`. Pure. */

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The beginning of the span that ends at `now` (ms since 1970); undefined for no span, and for one nobody can read. */
export function sinceMs(span: string | undefined, now: number): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,3})([mhd])$/.exec(span ?? '') ?? [];
  return count === undefined ? undefined : Math.max(0, now - Number(count) * UNIT_MS[unit!]!);
}
