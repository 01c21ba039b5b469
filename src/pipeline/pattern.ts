/** Which streams a pipeline's entries name: literal names, or patterns where `*` stands for any characters. */
import type { StreamSchema } from '../sdk/record.ts';
import type { StreamOptions } from '../sdk/specs/pipeline.ts';

/** Tables of Weir's own bookkeeping: no pattern names them. */
const OWN_TABLE = /^_weir_/;

export interface Match {
  readonly stream: StreamSchema;
  readonly options: StreamOptions;
}

export interface Matches {
  /** Streams in the order of the entries, then of discovery; each once. */
  readonly matched: readonly Match[];
  /** Entries that name no stream at all (one that names only streams taken earlier is fine). */
  readonly unmatched: readonly StreamOptions[];
}

/** Matches entries against discovered streams; the first entry that names a stream wins. */
export function matchStreams(entries: readonly StreamOptions[], streams: readonly StreamSchema[]): Matches {
  const taken = new Set<string>();
  const matched: Match[] = [];
  const unmatched: StreamOptions[] = [];
  for (const options of entries) {
    const names = matcher(options.name);
    const hits = streams.filter((stream) => names(stream));
    if (hits.length === 0) unmatched.push(options);
    for (const stream of hits) {
      if (taken.has(stream.name)) continue;
      taken.add(stream.name);
      matched.push({ stream, options });
    }
  }
  return { matched, unmatched };
}

/** A test for one entry's name. Case counts; `*` also stands for dots. */
function matcher(pattern: string): (stream: StreamSchema) => boolean {
  if (!pattern.includes('*')) return (stream) => stream.name === pattern;
  const parts = pattern.split('*');
  return (stream) => !OWN_TABLE.test(stream.table) && wildcard(parts, stream.name);
}

/** Linear in the name's length: a hostile pattern cannot make it slow. */
function wildcard(parts: readonly string[], name: string): boolean {
  const first = parts[0]!;
  const last = parts[parts.length - 1]!;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
