/**
 * Text ─▶ documents: plain values with the file and line of every pointer, and the text kept as written.
 * One broken document is reported by itself; the others are read.
 */
import { parseDocument } from 'yaml';
import type { ProblemPointer } from '../../base/problem.ts';
import { type Text, tell } from '../../base/text.ts';
import { formatBytes } from '../../base/units.ts';
import { splitDocuments, type DocumentSlice } from './split.ts';
import { yamlMistake } from './yaml-mistake.ts';
import { type Place, readYamlTree } from './yaml-value.ts';

/** One document as read; `value` may be used only when `problems` is empty. */
export interface ParsedDocument {
  readonly file: string | undefined;
  /** First line in its file, from 1. */
  readonly line: number;
  /** As written: see `DocumentSlice`. */
  readonly text: string;
  readonly value: unknown;
  /** Places in `text` by pointer; a member that is missing has none. */
  readonly places: ReadonlyMap<string, Place>;
  /** Syntax mistakes. */
  readonly problems: readonly ProblemPointer[];
}

export interface ParseLimits {
  readonly bytesMax: number;
  readonly documentsMax: number;
}

/** 4 MiB and 10,000 documents in one file or request. */
export const PARSE_LIMITS: ParseLimits = { bytesMax: 4 * 1024 * 1024, documentsMax: 10_000 };

/** Reads YAML or JSON. Never throws; a text beyond the limits is one document with one problem. */
export function parseDocuments(text: string, file?: string, limits: ParseLimits = PARSE_LIMITS): ParsedDocument[] {
  const cut = slicesOf(text, file, limits);
  return 'unreadable' in cut ? [cut.unreadable] : cut.slices.map((slice) => parseSlice(slice, file));
}

/** The words of each document, not read yet; or one that says why the text is beyond the limits. */
export function slicesOf(
  text: string,
  file?: string,
  limits: ParseLimits = PARSE_LIMITS,
): { readonly slices: readonly DocumentSlice[] } | { readonly unreadable: ParsedDocument } {
  const not = (detail: Text) => ({ unreadable: unreadable(file, detail) });
  if (Buffer.byteLength(text) > limits.bytesMax) return not(tell(TOO_LARGE, { size: formatBytes(limits.bytesMax) }));
  if (text.includes('\0')) return not({ en: 'holds a zero byte: it is not a text file', zh: '含有零字节：不是文本文件' });
  const slices = splitDocuments(text);
  if (slices.length > limits.documentsMax) return not(tell(TOO_MANY, { count: slices.length, limit: limits.documentsMax }));
  return { slices };
}

/** Reads one document; large ones take their time. Never throws. */
export function parseSlice(slice: DocumentSlice, file: string | undefined): ParsedDocument {
  const broken = (problems: ProblemPointer[]): ParsedDocument => ({
    file,
    line: slice.line,
    text: slice.text,
    value: null,
    places: new Map(),
    problems,
  });
  const lineOf = lineFinder(slice);
  const lineAt = (offset: number): number => lineOf(Math.min(offset, slice.text.length - 1));
  const located = (pointer: string, detail: Text, line: number): ProblemPointer => ({
    pointer,
    detail,
    ...(file === undefined ? {} : { file }),
    line,
  });
  if (slice.text.length > DOCUMENT_CHARACTERS_MAX)
    return broken([located('', tell(TOO_LONG, { limit: DOCUMENT_CHARACTERS_MAX }), slice.line)]);
  if (isTooDeep(slice.text)) return broken([located('', TOO_DEEP, slice.line)]);
  if (slice.text.startsWith('%')) return broken([located('', DIRECTIVE, slice.line)]);
  try {
    const tree = parseDocument(slice.text, {
      version: '1.2',
      schema: 'core',
      prettyErrors: false,
      uniqueKeys: false,
      keepSourceTokens: false,
    });
    const mistakes = [...tree.errors, ...tree.warnings].slice(0, 20);
    if (mistakes.length > 0) return broken(mistakes.map((e) => located('', yamlMistake(e.message, e.code), lineAt(e.pos[0]))));
    const { value, places, problems } = readYamlTree(tree);
    const document: ParsedDocument = { file, line: slice.line, text: slice.text, value, places, problems: [] };
    return { ...document, problems: locate(document, problems) };
  } catch (error) {
    const detail = error instanceof RangeError ? TOO_DEEP : yamlMistake((error as Error).message.slice(0, 200));
    return broken([located('', detail, slice.line)]);
  }
}

/** Garbage of a few megabytes can keep a YAML parser busy for a minute. */
const DOCUMENT_CHARACTERS_MAX = 400_000;
const BRACKETS_MAX = 500;

/** Seen before parsing, since a parser spends much time and stack on it. Brackets in texts count too: nobody has that many open. */
function isTooDeep(text: string): boolean {
  if (/^[ \t]*([-?:][ \t]+){50}/m.test(text)) return true;
  let open = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) | 0x20; // `[`, `{` and `]`, `}` differ in this bit only
    if (code === 0x7b) open++;
    else if (code === 0x7d && open > 0) open--;
    if (open > BRACKETS_MAX) return true;
  }
  return false;
}

const TOO_LARGE: Text = { en: 'is larger than {size}; split it into several files', zh: '大于 {size}；请拆分为多个文件' };
const TOO_MANY: Text = {
  en: 'has {count} documents, more than {limit}; split it into several files',
  zh: '含有 {count} 个文档，超过 {limit} 个；请拆分为多个文件',
};
const TOO_LONG: Text = { en: 'is one document of more than {limit} characters', zh: '单个文档超过 {limit} 个字符' };
const TOO_DEEP: Text = { en: 'is nested too deeply', zh: '嵌套过深' };
const DIRECTIVE: Text = {
  en: 'begins with a YAML directive (%), which is not accepted',
  zh: '以 YAML 指令（%）开头，此处不接受',
};

function unreadable(file: string | undefined, detail: Text): ParsedDocument {
  return {
    file,
    line: 1,
    text: '',
    value: null,
    places: new Map(),
    problems: [{ pointer: '', detail, ...(file === undefined ? {} : { file }), line: 1 }],
  };
}

/**
 * Adds file and line to problems of a document; a missing member gets the line of what should hold it.
 * A `line` a problem already has counts within its own value.
 */
export function locate(
  document: Pick<ParsedDocument, 'file' | 'line' | 'text' | 'places'>,
  problems: readonly ProblemPointer[],
): ProblemPointer[] {
  if (problems.length === 0) return [];
  const lineOf = lineFinder(document);
  return problems.map((problem) => {
    let pointer = problem.pointer;
    let place = document.places.get(pointer);
    while (!place && pointer !== '') {
      pointer = pointer.slice(0, pointer.lastIndexOf('/'));
      place = document.places.get(pointer);
    }
    const inside = problem.line !== undefined && place && pointer === problem.pointer ? lineInside(document.text, place, problem.line) : 0;
    const line = (place ? lineOf(place.keyStart ?? place.start) : document.line) + inside;
    return { ...problem, ...(document.file === undefined ? {} : { file: document.file }), line };
  });
}

/** Line of every member, from 1, by its pointer; at most 5000. A value behind a key has the line of its key. */
export function linesOf(document: Pick<ParsedDocument, 'line' | 'text' | 'places'>): Record<string, number> {
  const lineOf = lineFinder(document);
  const entries = [...document.places].slice(0, LINES_MAX);
  return Object.fromEntries(entries.map(([pointer, place]) => [pointer, lineOf(place.keyStart ?? place.start)]));
}

/** Finds the line of an offset, in its file; a document with thousands of mistakes asks thousands of times. */
function lineFinder({ text, line }: Pick<ParsedDocument, 'line' | 'text'>): (offset: number) => number {
  const starts = [0];
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return line + low;
  };
}

const LINES_MAX = 5000;

/** A problem that counts lines within a value (SQL): a block scalar begins on the line after its mark. */
function lineInside(text: string, place: Place, line: number): number {
  return /[|>]/.test(text[place.start] ?? '') ? line : line - 1;
}
