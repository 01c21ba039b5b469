/** Durations and sizes as people write them, `1m30s` and `10MiB`: whether a text is one, and how much it is. Pure. */

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_BYTES: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Milliseconds of `1m30s`; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(amount) * DURATION_MS[unit!]!;
  return total;
}

/** Bytes of `10MiB`; undefined when it is none. */
export function sizeBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)$/.exec(text);
  return match ? Math.floor(Number(match[1]) * SIZE_BYTES[match[2]!]!) : undefined;
}

export type UnitFault = 'form' | 'small' | 'large';

/** What is wrong with a text of this unit and these bounds; undefined when nothing is. A `${…}` variable passes. */
export function unitFault(text: string, unit: 'duration' | 'bytes', minimum?: string, maximum?: string): UnitFault | undefined {
  if (text === '' || text.includes('${')) return undefined;
  const read = unit === 'duration' ? durationMs : sizeBytes;
  const amount = read(text);
  if (amount === undefined) return 'form';
  if (minimum !== undefined && amount < (read(minimum) ?? 0)) return 'small';
  return maximum !== undefined && amount > (read(maximum) ?? Number.POSITIVE_INFINITY) ? 'large' : undefined;
}
