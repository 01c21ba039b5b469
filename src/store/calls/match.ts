/** What a search asks for, against one block: which of its calls fit. */
import { CALL_PROTOCOLS } from '../../sdk/call-record.ts';
import type { CallFilter } from '../types.ts';
import type { OpenBlock } from './open-block.ts';

/** True when call `i` fits. */
type Test = (i: number) => boolean;

/** What of a filter concerns single calls. */
export type Asked = Omit<CallFilter, 'order' | 'after' | 'limit'>;

/** Places of the calls of `block` that fit, in order. */
export function matching(block: OpenBlock, asked: Asked): number[] {
  const tests = testsOf(block, asked);
  if (!tests) return [];
  const found: number[] = [];
  for (let i = 0; i < block.count; i++) {
    let k = 0;
    while (k < tests.length && tests[k]!(i)) k++;
    if (k === tests.length) found.push(i);
  }
  return found;
}

/** Cheap ones first: a part of the block that only later ones need is not read when nothing is left. Undefined when no call can fit. */
function testsOf(block: OpenBlock, f: Asked): Test[] | undefined {
  const tests: Test[] = [];
  const times = rounded(block, 'time', 1);
  between(tests, times, f.from, f.to === undefined ? undefined : f.to - 1);
  between(tests, (i) => block.column('status')[i]!, f.status ?? f.statusFrom, f.status ?? f.statusTo);
  if (f.status !== undefined && (f.statusFrom !== undefined || f.statusTo !== undefined))
    between(tests, (i) => block.column('status')[i]!, f.statusFrom, f.statusTo);
  between(tests, rounded(block, 'durationMs', 1000), micros(f.slowerThanMs), undefined);
  const named = [
    ['project', one(f.project), (name: string) => name === f.project],
    ['project', f.projects, (name: string) => f.projects!.includes(name)],
    ['consumer', one(f.consumer), (name: string) => name === f.consumer],
    ['route', one(f.route), (name: string) => name === f.route],
    ['route', f.routes, (name: string) => f.routes!.includes(name)],
    ['method', one(f.method), (name: string) => name === f.method],
    ['reason', one(f.reason), (name: string) => name === f.reason],
    ['clientAddress', one(f.clientAddress), (name: string) => name === f.clientAddress],
    ['release', one(f.release), (name: string) => name.startsWith(f.release!)],
  ] as const;
  for (const [column, wanted, fits] of named) {
    if (wanted === undefined) continue;
    const places = block.names.map((name) => fits(name));
    if (!places.includes(true)) return undefined;
    tests.push(
      lazily(
        () => block.column(column),
        (numbers, i) => places[numbers[i]!]!,
      ),
    );
  }
  if (f.protocol !== undefined) {
    const place = (CALL_PROTOCOLS as readonly string[]).indexOf(f.protocol);
    tests.push(
      lazily(
        () => block.column('protocol'),
        (numbers, i) => (f.protocol === '' ? numbers[i]! < 0 : numbers[i] === place),
      ),
    );
  }
  between(tests, rounded(block, 'upstreamMs', 1000), micros(f.upstreamSlowerThanMs), undefined);
  between(tests, rounded(block, 'requestBytes', 1), f.requestBytesFrom, undefined);
  between(tests, rounded(block, 'responseBytes', 1), f.responseBytesFrom, undefined);
  addTexts(tests, block, f);
  return tests;
}

function addTexts(tests: Test[], block: OpenBlock, { path, traceId, id }: Asked): void {
  if (path !== undefined && path !== '') tests.push((i) => block.column('pathLength')[i]! >= path.length && block.path(i).startsWith(path));
  if (traceId !== undefined) tests.push((i) => block.column('traceLength')[i] === traceId.length && block.traceId(i) === traceId);
  if (id !== undefined) {
    // A record of a request id that the caller chose is kept as `<id>~<uuid>`.
    tests.push((i) => block.column('idLength')[i]! >= id.length && isOrBegins(block.id(i), id));
  }
}

const isOrBegins = (own: string, id: string): boolean => own === id || (own.startsWith(id) && own[id.length] === '~');
const micros = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms * 1000));
const one = (value: string | undefined): readonly string[] | undefined => (value === undefined ? undefined : [value]);

function between(tests: Test[], value: (i: number) => number, least: number | undefined, most: number | undefined): void {
  if (least !== undefined) tests.push((i) => value(i) >= least);
  if (most !== undefined) tests.push((i) => value(i) <= most);
}

type Numbered = Parameters<OpenBlock['column']>[0];

function rounded(block: OpenBlock, name: Numbered, factor: number): (i: number) => number {
  let column: Float64Array | undefined;
  return (i) => Math.round((column ??= block.column(name))[i]! * factor);
}

function lazily(open: () => Float64Array, test: (numbers: Float64Array, i: number) => boolean): Test {
  let numbers: Float64Array | undefined;
  return (i) => test((numbers ??= open()), i);
}
