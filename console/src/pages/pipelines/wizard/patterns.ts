/** Streams that patterns with `*` name, as the planner reads them. Pure. */
import type { Stream } from '../../../../../generated/client.ts';

type Named = Pick<Stream, 'name' | 'table'>;

/** Tables of Weir's own bookkeeping: no pattern names them. */
const OWN_TABLE = /^_weir_/;

/** Names of the streams that any pattern names, in the streams' order. */
export function streamsOfPatterns(patterns: readonly string[], streams: readonly Named[]): readonly string[] {
  const tests = patterns.map((pattern) => ({ isPattern: pattern.includes('*'), test: testOf(pattern) }));
  return streams
    .filter(({ name, table }) => tests.some(({ isPattern, test }) => test.test(name) && !(isPattern && OWN_TABLE.test(table))))
    .map(({ name }) => name);
}

function testOf(pattern: string): RegExp {
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
