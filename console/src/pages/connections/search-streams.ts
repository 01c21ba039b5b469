/** Streams found by their own name or by a column's. Pure. */
import type { Stream } from '../../../../generated/client.ts';

/** Streams drawn at once; more are reached by searching. */
export const SHOWN_MAX = 300;

/** Streams whose name holds the words, then those with such a column; case does not count. */
export function searchStreams(streams: readonly Stream[], words: string): readonly Stream[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return streams;
  const isNamed = (stream: Stream) => stream.name.toLowerCase().includes(wanted);
  const byColumn = (stream: Stream) => !isNamed(stream) && stream.columns.some(({ name }) => name.toLowerCase().includes(wanted));
  return [...streams.filter(isNamed), ...streams.filter(byColumn)];
}
