/**
 * Changes at pointers to the text of one document, for a form beside its text: comments, order and every line that
 * no change touches stay as written. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, type Node, parseDocument, stringify, visit } from 'yaml';
import type { ProblemPointer } from '../../base/problem.ts';
import { mergeNode } from './edit.ts';
import { parseDocuments, type ParsedDocument } from './parse.ts';

/** Sets the value at an RFC 6901 pointer (`-` appends to a list), or removes what is there. */
export type TextChange = { readonly pointer: string; readonly value: unknown } | { readonly pointer: string; readonly remove: true };

export type ChangedText =
  | { readonly ok: true; readonly text: string; readonly document: ParsedDocument | undefined }
  /** Nothing was changed; pointers are `/changes/<n>` or `/text`. */
  | { readonly ok: false; readonly errors: readonly ProblemPointer[] };

const READ = { version: '1.2', schema: 'core' } as const;
const WRITE = { lineWidth: 0 } as const;

/** Makes `changes` in order. A text that cannot be read comes back as it is when there is nothing to change. */
export function changeText(text: string, changes: readonly TextChange[]): ChangedText {
  const found = parseDocuments(text);
  if (found.length > 1) return refuse('/text', `holds ${found.length} documents; one at a time can be edited`);
  const [document] = found;
  if (changes.length === 0) return { ok: true, text, document };
  if (document && document.problems.length > 0) return refuse('/text', `cannot be read: ${document.problems[0]!.detail}`);
  let own = document?.text ?? '';
  for (const [index, change] of changes.entries()) {
    const made = changeOne(own, change);
    if ('mistake' in made) return refuse(`/changes/${index}`, made.mistake);
    own = made.text;
  }
  const whole = document ? around(text, document, own) : `${text.trimEnd()}${text.trim() === '' ? '' : '\n'}${own}`;
  return { ok: true, text: whole, document: parseDocuments(whole)[0] };
}

function refuse(pointer: string, detail: string): ChangedText {
  return { ok: false, errors: [{ pointer, detail }] };
}

type Made = { readonly text: string } | { readonly mistake: string };

function changeOne(text: string, change: TextChange): Made {
  const tree = text === '' ? parseDocument('{}', READ) : parseDocument(text, READ);
  if (text === '' && isMap(tree.contents)) tree.contents.flow = false;
  const mistake = 'remove' in change ? removeAt(tree, change.pointer) : setAt(tree, change.pointer, change.value);
  if (mistake !== undefined) return { mistake };
  const written = writeTree(tree);
  const after = written === undefined ? undefined : readBack(written);
  if (written === undefined || !after) return { mistake: 'would break what shares a value by a YAML anchor; edit the text instead' };
  const short = 'remove' in change ? undefined : spliceScalar(text, change.pointer, change.value);
  return { text: short !== undefined && isDeepStrictEqual(readBack(short)?.value, after.value) ? short : written };
}

function writeTree(tree: Document): string | undefined {
  try {
    return tree.toString(WRITE);
  } catch {
    return undefined; // An alias lost its anchor.
  }
}

function readBack(text: string): ParsedDocument | undefined {
  const [document, more] = parseDocuments(text);
  return document && !more && document.problems.length === 0 ? document : undefined;
}

/** One plain value for another in its own place: no other character of the text moves. */
function spliceScalar(text: string, pointer: string, value: unknown): string | undefined {
  const place = parseDocuments(text)[0]?.places.get(pointer);
  if (!place?.scalar || (typeof value === 'object' && value !== null)) return undefined;
  const old = text.slice(place.start, place.end);
  if (old === '' || /[\n|>]/.test(old)) return undefined;
  const word = stringify(value, { ...READ, ...WRITE, ...(old.startsWith("'") ? { singleQuote: true } : {}) }).trimEnd();
  return word.includes('\n') ? undefined : text.slice(0, place.start) + word + text.slice(place.end);
}

function setAt(tree: Document, pointer: string, value: unknown): string | undefined {
  const names = tokens(pointer);
  if (typeof names === 'string') return names;
  if (names.length === 0) {
    if (!mergeNode(tree, tree.contents as Node, value)) tree.contents = tree.createNode(value) as never;
    return undefined;
  }
  const last = names.pop()!;
  const parent = parentOf(tree, names, true);
  if (typeof parent === 'string') return parent;
  const key = keyIn(parent, last);
  if (typeof key === 'object') return key.mistake;
  const old = parent.get(key, true) as Node | null | undefined;
  if (isAlias(old)) return SHARED;
  if (!old || !mergeNode(tree, old, value)) parent.set(isMap(parent) && !old ? tree.createNode(key) : key, tree.createNode(value));
  return undefined;
}

function removeAt(tree: Document, pointer: string): string | undefined {
  const names = tokens(pointer);
  if (typeof names === 'string') return names;
  if (names.length === 0) return 'is the whole document, which cannot be removed';
  const last = names.pop()!;
  const parent = parentOf(tree, names, false);
  if (typeof parent === 'string') return parent;
  const key = keyIn(parent, last);
  if (typeof key === 'object') return key.mistake;
  if (!parent.has(key)) return `"${pointer.slice(0, 200)}" is not there`;
  const gone = parent.get(key, true) as Node | null;
  const kept = anchorsIn(gone);
  if (kept) return SHARED;
  parent.delete(key);
  // An empty list or object must be written so; in block style nothing would be left of it.
  if (isCollection(parent) && parent.items.length === 0) parent.flow = true;
  return undefined;
}

const SHARED = 'is shared by a YAML anchor; edit the text instead';

function anchorsIn(node: Node | null): boolean {
  let found = false;
  if (node) visit(node, { Node: (_key, inner) => ((inner as { anchor?: string }).anchor ? ((found = true), visit.BREAK) : undefined) });
  return found;
}

type Collection = {
  get(key: unknown, keep: true): unknown;
  set(key: unknown, value: unknown): void;
  has(key: unknown): boolean;
  delete(key: unknown): boolean;
  readonly items: readonly unknown[];
  flow?: boolean;
};

/** The collection at `names`; with `make`, missing objects on the way are added. */
function parentOf(tree: Document, names: readonly string[], make: boolean): Collection | string {
  if (tree.contents === null || (isScalar(tree.contents) && tree.contents.value === null)) tree.contents = tree.createNode({}) as never;
  let at: unknown = tree.contents;
  for (const [depth, name] of names.entries()) {
    if (isAlias(at)) return SHARED;
    if (!isMap(at) && !isSeq(at)) return `"/${names.slice(0, depth).join('/')}" is neither an object nor a list`;
    const here = at as unknown as Collection;
    const key = keyIn(here, name);
    if (typeof key === 'object') return key.mistake;
    let next = here.get(key, true);
    const empty = next === undefined || next === null || (isScalar(next) && next.value === null);
    if (empty && !make) return `"/${names.slice(0, depth + 1).join('/')}" is not there`;
    if (empty) {
      next = tree.createNode({});
      if (isMap(next)) next.flow = false;
      here.set(isMap(at) && !here.has(key) ? tree.createNode(key) : key, next);
    }
    at = next;
  }
  if (isAlias(at)) return SHARED;
  return isMap(at) || isSeq(at) ? (at as unknown as Collection) : `"/${names.join('/')}" is neither an object nor a list`;
}

function keyIn(parent: Collection, name: string): string | number | { mistake: string } {
  if (!isSeq(parent)) return name;
  const { length } = parent.items;
  if (name === '-') return length;
  const index = /^(0|[1-9]\d{0,5})$/.test(name) ? Number(name) : -1;
  return index < 0 || index > length ? { mistake: `"${name.slice(0, 60)}" is no place in a list of ${length}` } : index;
}

const DEPTH_MAX = 40;

/** The names of a pointer. Source: RFC 6901 §4. */
function tokens(pointer: string): string[] | string {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return `"${pointer.slice(0, 200)}" is no JSON pointer`;
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.length > DEPTH_MAX ? 'is nested too deeply' : names;
}

/** What stood around the document in the text (comments before `---`, blank lines) stays. */
function around(text: string, document: ParsedDocument, own: string): string {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n');
  const count = document.text.split('\n').length - 1;
  const before = lines.slice(0, document.line - 1);
  const after = lines.slice(document.line - 1 + count).join('\n');
  return [...before, own.endsWith('\n') ? own : `${own}\n`].join('\n') + after;
}
