/**
 * Reads documents without holding up who else asks control. A small one is read here, in slices; a large one, which keeps a YAML
 * parser busy for up to seconds, on a thread of its own, one after the other, so that nobody's large ones wait behind all of another's.
 *
 *   text ─▶ slices of documents ─▶ small: here │ large: reading thread, started when first needed ─▶ parsed documents
 */
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import { createSlices, mapSliced, type Slices, UNBROKEN } from '../../base/slices.ts';
import { createReader, type Reader, type ReaderThread } from '../../store/reader.ts';
import problems from '../resources/problems.ts';
import { type ChangedText, changeText, type TextChange } from './change.ts';
import { type ParsedDocument, parseSlice, slicesOf } from './parse.ts';
import type { DocumentSlice } from './split.ts';

/** Reads texts of people. */
export interface DocumentReading {
  /** Documents of all sources, in their order; mistakes stand in them. Raises `reading-busy`, `reading-given-up`. */
  parse(sources: readonly { readonly file?: string; readonly text: string }[]): Promise<ParsedDocument[]>;
  /** See `changeText`. Raises the same. */
  change(text: string, changes: readonly TextChange[]): Promise<ChangedText>;
  /** For work on what was read, on the same thread. */
  slices(): Slices;
}

export interface ThreadedReading extends DocumentReading {
  close(): Promise<void>;
}

/** What the thread is asked. */
export type ToReading =
  | { readonly slice: DocumentSlice; readonly file: string | undefined }
  | { readonly text: string; readonly changes: readonly TextChange[] };

/** Characters that are read here: some milliseconds at worst. */
const HERE_MAX = 4096;
const MEMORY = { maxOldGenerationSizeMb: 1024 };

/** Makes the reading of a process that answers people. */
export function createReading(clock: Clock): ThreadedReading {
  const thread: Reader<ToReading, unknown> = createReader({ start, clock, raise: RAISE });
  const slices = () => createSlices(clock);
  const read = (slice: DocumentSlice, file: string | undefined) =>
    slice.text.length <= HERE_MAX ? parseSlice(slice, file) : (thread.ask({ slice, file }) as Promise<ParsedDocument>);
  return {
    slices,
    async parse(sources) {
      const turns = slices();
      const found = await mapSliced(sources, turns, ({ text, file }) => {
        const cut = slicesOf(text, file);
        return 'unreadable' in cut ? [cut.unreadable] : mapSliced(cut.slices, turns, (slice) => read(slice, file));
      });
      return found.flat();
    },
    change: async (text, changes) =>
      text.length * (changes.length + 1) <= HERE_MAX ? changeText(text, changes) : ((await thread.ask({ text, changes })) as ChangedText),
    close: () => thread.close(),
  };
}

/** Reading of a program that answers nobody meanwhile. */
export const PLAIN_READING: DocumentReading = Object.freeze({
  slices: () => UNBROKEN,
  parse: async (sources: Parameters<DocumentReading['parse']>[0]) =>
    sources.flatMap(({ text, file }) => {
      const cut = slicesOf(text, file);
      return 'unreadable' in cut ? [cut.unreadable] : cut.slices.map((slice) => parseSlice(slice, file));
    }),
  change: async (text: string, changes: readonly TextChange[]) => changeText(text, changes),
});

const RAISE = {
  busy: () => problems.raise['reading-busy'](),
  tooSlow: () => problems.raise['reading-given-up'](),
  unavailable: (cause: unknown) => problems.raise['reading-given-up']({ cause }),
};

/** `.ts` in a checkout, `.js` in a package. */
function start(): ReaderThread<ToReading, unknown> {
  const entry = new URL(`./reading-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  return new Worker(entry, { name: 'reading', resourceLimits: MEMORY }) as unknown as ReaderThread<ToReading, unknown>;
}
