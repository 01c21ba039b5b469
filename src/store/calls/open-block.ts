/** A block being read: each part is fetched and opened when it is first needed, and most never are. */
import { CALL_PROTOCOLS, type CallRecord } from '../../sdk/call-record.ts';
import { type CallBatch, NUMBERS, PLACES, readCallBatch } from '../../sdk/call-batch.ts';
import { openNames, openSection, type OpenSection, type Section, SECTION_NAMES, SECTIONS } from './columns.ts';

type Column = (typeof NUMBERS)[number];

/** Where a column lies. */
const HOME = new Map<Column, readonly [section: Section, place: number]>(
  SECTION_NAMES.flatMap((name) => SECTIONS[name].map((column: Column, c) => [column, [name, c] as const] as const)),
);

/** What is stored of a block is not what was: the disk changed it. */
export class Unreadable extends Error {}

/** What `open` makes of stored bytes. Raises `Unreadable`. */
export function opened<V>(open: () => V): V {
  try {
    return open();
  } catch (cause) {
    throw new Unreadable('a block of calls cannot be read', { cause });
  }
}

/** Answers a part of the block, as it is stored. */
export type FetchPart = (part: Section | 'names') => Uint8Array;

export class OpenBlock {
  readonly count: number;
  private readonly fetch: FetchPart;
  private readonly damaged: () => void;
  private readonly sections = new Map<Section, OpenSection>();
  private readonly offsets = new Map<'ids' | 'paths', Int32Array>();
  private known: readonly string[] | undefined;

  /** `damaged` is told when a part turns out to be none. */
  constructor(count: number, fetch: FetchPart, damaged: () => void) {
    this.count = count;
    this.fetch = fetch;
    this.damaged = damaged;
  }

  /** What `work` answers; undefined when it needs a part that is damaged. */
  attempt<V>(work: () => V): V | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.damaged();
      return undefined;
    }
  }

  get names(): readonly string[] {
    if (this.known) return this.known;
    const packed = this.fetch('names');
    return (this.known = opened(() => openNames(packed)));
  }

  /** One number for each call. */
  column(name: Column): Float64Array {
    const [section, place] = HOME.get(name)!;
    return this.section(section).numbers.subarray(place * this.count, (place + 1) * this.count);
  }

  id(i: number): string {
    const [from, to] = this.idPlace(i);
    return this.latin1('ids', from, to);
  }

  traceId(i: number): string {
    const from = this.idPlace(i)[1];
    return this.latin1('ids', from, from + this.column('traceLength')[i]!);
  }

  path(i: number): string {
    const from = this.offsetsOf('paths')[i]!;
    return this.latin1('paths', from, from + this.column('pathLength')[i]!);
  }

  /** The record of a call as lists answer it. */
  record(i: number): CallRecord {
    const name = (column: Column) => this.names[this.column(column)[i]!]!;
    const number = (column: Column) => this.column(column)[i]!;
    return {
      id: plain(this.id(i)),
      time: Math.round(number('time')),
      project: name('project'),
      consumer: name('consumer'),
      clientAddress: name('clientAddress'),
      route: name('route'),
      method: name('method'),
      protocol: CALL_PROTOCOLS[number('protocol')] ?? '',
      path: plain(this.path(i)),
      release: name('release'),
      status: number('status'),
      reason: name('reason'),
      durationMs: Math.round(number('durationMs') * 1000) / 1000,
      upstreamMs: Math.round(number('upstreamMs') * 1000) / 1000,
      requestBytes: number('requestBytes'),
      responseBytes: number('responseBytes'),
      traceId: plain(this.traceId(i)),
    };
  }

  /** The same with its story; null when it was recorded before stories were. */
  told(i: number): CallRecord & { readonly story: string | null } {
    const of = (column: Column) => this.column(column);
    const taken = (k: number) => of('marks')[k]! + of('codes')[k]! + of('said')[k]! * 2;
    let before = 0;
    for (let k = 0; k < i; k++) before += taken(k);
    const further = new Float64Array(new Uint8Array(this.section('story').rest).buffer).subarray(before, before + taken(i));
    const numbers = new Float64Array(NUMBERS.length + further.length);
    for (const column of NUMBERS) numbers[PLACES[column]] = of(column)[i]!;
    numbers.set(further, NUMBERS.length);
    numbers[PLACES.idLength] = numbers[PLACES.traceLength] = numbers[PLACES.pathLength] = 0;
    const one: CallBatch = { count: 1, names: this.names, numbers, bytes: new Uint8Array(0), dropped: 0 };
    return { ...this.record(i), story: Number.isNaN(numbers[PLACES.headMs]!) ? null : readCallBatch(one)[0]!.story };
  }

  private section(name: Section): OpenSection {
    let section = this.sections.get(name);
    if (section) return section;
    const packed = this.fetch(name);
    section = opened(() => openSection(packed, name, this.count));
    this.sections.set(name, section);
    return section;
  }

  private idPlace(i: number): readonly [number, number] {
    const from = this.offsetsOf('ids')[i]!;
    return [from, from + this.column('idLength')[i]!];
  }

  /** Where the texts of each call begin. */
  private offsetsOf(section: 'ids' | 'paths'): Int32Array {
    let offsets = this.offsets.get(section);
    if (offsets) return offsets;
    offsets = new Int32Array(this.count);
    const lengths = section === 'ids' ? [this.column('idLength'), this.column('traceLength')] : [this.column('pathLength')];
    for (let i = 1; i < this.count; i++) offsets[i] = lengths.reduce((at, column) => at + column[i - 1]!, offsets[i - 1]!);
    this.offsets.set(section, offsets);
    return offsets;
  }

  private latin1(section: 'ids' | 'paths', from: number, to: number): string {
    const { rest } = this.section(section);
    return Buffer.from(rest.buffer, rest.byteOffset + from, to - from).toString('latin1');
  }
}

/** PostgreSQL's text has no NUL, so neither has any answer. */
const plain = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text);
