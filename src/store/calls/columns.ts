/**
 * Calls by column, as a block keeps them: sections that are compressed and read apart, since a sum of calls needs six numbers of
 * each, a search some more, and the story only one call at a time.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type CallBatch, NUMBERS, numbersOfCall, PLACES } from '../../sdk/call-batch.ts';

type Column = (typeof NUMBERS)[number];

/** Numbers of each section, in order. Texts that belong to lengths follow them, and what differs in number per call. */
export const SECTIONS = {
  sums: ['time', 'status', 'durationMs', 'project', 'consumer', 'route'],
  fields: ['clientAddress', 'method', 'release', 'reason', 'protocol', 'upstreamMs', 'requestBytes', 'responseBytes'],
  ids: ['idLength', 'traceLength'],
  paths: ['pathLength'],
  story: ['headMs', 'tries', 'targetIndex', 'reused', 'waitMs', 'connectMs', 'target', 'chain', 'marks', 'codes', 'said'],
} as const satisfies Record<string, readonly Column[]>;
export type Section = keyof typeof SECTIONS;
export const SECTION_NAMES = Object.keys(SECTIONS) as Section[];

/** A section by itself: its columns one after the other, then its texts (latin1) or further numbers. */
export interface OpenSection {
  /** `count` numbers for each column of the section. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Ids, then trace ids; or paths; or marks, codes and said values of all calls, as bytes. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

/** Fastest level that finds what repeats; with a checksum, so that what the disk changed is not taken for calls. */
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } };
const { idLength: ID, traceLength: TRACE, pathLength: PATH } = PLACES;

/** The sections of a batch, compressed. */
export function packSections(batch: CallBatch): Readonly<Record<Section, Uint8Array>> {
  const { count, numbers: n } = batch;
  const texts = textsOf(batch);
  const further = new Float64Array(n.length - count * NUMBERS.length);
  const places = new Int32Array(count);
  for (let i = 0, at = 0, to = 0; i < count; i++) {
    places[i] = at;
    const end = at + numbersOfCall(n, at);
    for (let k = at + NUMBERS.length; k < end; k++) further[to++] = n[k]!;
    at = end;
  }
  const rest: Partial<Record<Section, Uint8Array>> = { ...texts, story: new Uint8Array(further.buffer) };
  const packed = {} as Record<Section, Uint8Array>;
  for (const section of SECTION_NAMES) {
    const columns: readonly Column[] = SECTIONS[section];
    const more = rest[section];
    const whole = new Uint8Array(count * columns.length * 8 + (more?.length ?? 0));
    const numbers = new Float64Array(whole.buffer, 0, count * columns.length);
    columns.forEach((column, c) => {
      const place = PLACES[column];
      for (let i = 0; i < count; i++) numbers[c * count + i] = n[places[i]! + place]!;
    });
    if (more) whole.set(more, numbers.byteLength);
    packed[section] = compress(whole);
  }
  return packed;
}

/** Ids and trace ids, and paths, of all calls. */
function textsOf({ count, numbers: n, bytes }: CallBatch): { readonly ids: Uint8Array; readonly paths: Uint8Array } {
  let pathBytes = 0;
  for (let i = 0, at = 0; i < count; i++, at += numbersOfCall(n, at)) pathBytes += n[at + PATH]!;
  const paths = new Uint8Array(pathBytes);
  const ids = new Uint8Array(bytes.length - pathBytes);
  for (let i = 0, at = 0, from = 0, id = 0, path = 0; i < count; i++, at += numbersOfCall(n, at)) {
    const idEnd = from + n[at + ID]! + n[at + TRACE]!;
    const end = idEnd + n[at + PATH]!;
    while (from < idEnd) ids[id++] = bytes[from++]!;
    while (from < end) paths[path++] = bytes[from++]!;
  }
  return { ids, paths };
}

/** A section again. */
export function openSection(packed: Uint8Array, section: Section, count: number): OpenSection {
  const all = decompress(packed);
  const bytes = count * SECTIONS[section].length * 8;
  return { numbers: new Float64Array(all.buffer, 0, bytes / 8), rest: all.subarray(bytes) };
}

/** All sections as the batch they were made of. */
export function joinSections(open: (section: Section) => OpenSection, names: readonly string[], count: number): CallBatch {
  const sections = new Map(SECTION_NAMES.map((name) => [name, open(name)]));
  const story = sections.get('story')!;
  const further = new Float64Array(new Uint8Array(story.rest).buffer);
  const [ids, paths] = [sections.get('ids')!.rest, sections.get('paths')!.rest];
  const numbers = new Float64Array(count * NUMBERS.length + further.length);
  const bytes = new Uint8Array(ids.length + paths.length);
  const columns = SECTION_NAMES.flatMap((name) => SECTIONS[name].map((column, c) => [PLACES[column], sections.get(name)!, c] as const));
  for (let i = 0, at = 0, more = 0, to = 0, id = 0, path = 0; i < count; i++) {
    for (const [place, section, c] of columns) numbers[at + place] = section.numbers[c * count + i]!;
    const end = at + numbersOfCall(numbers, at);
    for (let k = at + NUMBERS.length; k < end; k++) numbers[k] = further[more++]!;
    for (let left = numbers[at + ID]! + numbers[at + TRACE]!; left > 0; left--) bytes[to++] = ids[id++]!;
    for (let left = numbers[at + PATH]!; left > 0; left--) bytes[to++] = paths[path++]!;
    at = end;
  }
  return { count, names, numbers, bytes, dropped: 0 };
}

/** Texts many calls share. */
export const packNames = (names: readonly string[]): Uint8Array => compress(Buffer.from(JSON.stringify(names)));
export const openNames = (packed: Uint8Array): readonly string[] =>
  JSON.parse(Buffer.from(decompress(packed)).toString('utf8')) as readonly string[];

const compress = (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes, LEVEL);

/** In memory of its own, from its start. */
function decompress(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = zstdDecompressSync(packed);
  return whole.byteOffset % 8 === 0 && whole.buffer instanceof ArrayBuffer && whole.byteOffset === 0
    ? new Uint8Array(whole.buffer, 0, whole.length)
    : new Uint8Array(whole);
}
