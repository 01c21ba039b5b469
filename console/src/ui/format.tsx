/** Times, counts, sizes and durations by the reader's locale. */
import { useLanguage } from './language.tsx';

/** Formatters of one locale; every time is given in ms since 1970, every duration in ms. */
export interface Formats {
  number(value: number): string;
  /** `12.3 MB`; units of 1000. */
  bytes(value: number): string;
  /** `40 μs`, `850 ms`, `12.3 s`, `4 min`. */
  duration(ms: number): string;
  /** Date and time to the second. */
  time(at: number): string;
  /** `3 minutes ago`, `in 2 days`. */
  ago(at: number, now: number): string;
  percent(share: number): string;
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** Formatters of a locale. */
export function makeFormats(locale: string): Formats {
  const plain = new Intl.NumberFormat(locale);
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const units = new Map<string, Intl.NumberFormat>();
  const unit = (value: number, name: string, digits: number) => {
    const key = `${name} ${digits}`;
    const known =
      units.get(key) ?? new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits });
    units.set(key, known);
    return known.format(value);
  };
  return {
    number: (value) => plain.format(value),
    percent: (value) => share.format(value),
    bytes(value) {
      const step = Math.min(UNITS.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3));
      return unit(value / 1000 ** step, UNITS[step]!, step === 0 ? 0 : 1);
    },
    duration(ms) {
      if (ms > 0 && ms < 0.95) return unit(ms * 1000, 'microsecond', 0);
      if (ms < 1000) return unit(ms, 'millisecond', ms < 10 ? 1 : 0);
      if (ms < 120_000) return unit(ms / 1000, 'second', 1);
      return ms < 7_200_000 ? unit(ms / 60_000, 'minute', 0) : unit(ms / 3_600_000, 'hour', 1);
    },
    time: (at) => dateTime.format(at),
    ago(at, now) {
      const past = at - now;
      const [name, size] = STEPS.find(([, ms]) => Math.abs(past) >= ms) ?? STEPS[3];
      return relative.format(Math.round(past / size), name);
    },
  };
}

const made = new Map<string, Formats>();

/** Formatters of the language in use: made once for all who ask, for a list asks in each of its rows. */
export function useFormats(): Formats {
  const { locale } = useLanguage();
  const known = made.get(locale);
  if (known) return known;
  const fresh = makeFormats(locale);
  made.set(locale, fresh);
  return fresh;
}

/** A time as people say it, the exact one on hover and for machines. */
export function TimeAgo({ at }: { readonly at: number | null | undefined }) {
  const formats = useFormats();
  if (at === null || at === undefined) return <span>—</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={formats.time(at)}>
      {formats.ago(at, Date.now())}
    </time>
  );
}
