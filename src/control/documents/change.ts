/**
 * Changes at pointers to the text of one document, for a form beside its text: comments, order and every line that
 * no change touches stay as written. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, type Node, parseDocument, stringify, visit } from 'yaml';
import { type ProblemPointer, Told } from '../../base/problem.ts';
import { type Text, tell } from '../../base/text.ts';
import { keepFlow, mergeNode } from './edit.ts';
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
  if (found.length > 1) return refuse('/text', tell(SEVERAL, { count: found.length }));
  const [document] = found;
  if (changes.length === 0) return { ok: true, text, document };
  if (document && document.problems.length > 0)
    return refuse('/text', tell({ en: 'cannot be read: {detail}', zh: '无法读取：{detail}' }, { detail: document.problems[0]!.detail }));
  let own = document?.text ?? '';
  let work = own.length * changes.length; // Each change reads and writes the whole document.
  for (const [index, change] of changes.entries()) {
    if (work > WORK_CHARACTERS_MAX) return refuse(`/changes/${index}`, tell(TOO_MUCH, { limit: WORK_CHARACTERS_MAX }));
    try {
      const before = own.length;
      own = changeOne(own, change);
      work += Math.max(0, own.length - before) * (changes.length - index - 1);
    } catch (error) {
      if (!(error instanceof Told)) throw error;
      return refuse(`/changes/${index}`, error.detail);
    }
  }
  const whole = document ? around(text, document, own) : `${text.trimEnd()}${text.trim() === '' ? '' : '\n'}${own}`;
  return { ok: true, text: whole, document: parseDocuments(whole)[0] };
}

/** Length of the document times the number of changes: a second or two of one processor. */
const WORK_CHARACTERS_MAX = 1_000_000;

const TOO_MUCH: Text = {
  en: 'is too much at once: the length of the document times the number of changes may be {limit}; send fewer changes',
  zh: '一次更改过多：文档长度乘以更改次数不得超过 {limit}；请减少每次的更改',
};
const SEVERAL: Text = { en: 'holds {count} documents; one at a time can be edited', zh: '含有 {count} 个文档；一次只能编辑一个' };
const BREAKS: Text = {
  en: 'would break what shares a value by a YAML anchor; edit the text instead',
  zh: '会破坏通过 YAML 锚点共享的值；请直接编辑文本',
};
const SHARED: Text = { en: 'is shared by a YAML anchor; edit the text instead', zh: '由 YAML 锚点共享；请直接编辑文本' };
const NOT_THERE: Text = { en: '"{pointer}" is not there', zh: '“{pointer}”不存在' };
const NO_COLLECTION: Text = { en: '"{pointer}" is neither an object nor a list', zh: '“{pointer}”既不是对象也不是列表' };

function refuse(pointer: string, detail: Text): ChangedText {
  return { ok: false, errors: [{ pointer, detail }] };
}

/** The text after one change. Throws `Told` when it cannot be made. */
function changeOne(text: string, change: TextChange): string {
  const tree = text === '' ? parseDocument('{}', READ) : parseDocument(text, READ);
  if (text === '' && isMap(tree.contents)) tree.contents.flow = false;
  keepFlow(tree, text);
  if ('remove' in change) removeAt(tree, change.pointer);
  else setAt(tree, change.pointer, change.value);
  const written = writeTree(tree);
  const after = written === undefined ? undefined : readBack(written);
  if (written === undefined || !after) throw new Told(BREAKS);
  const short = 'remove' in change ? undefined : spliceScalar(text, change.pointer, change.value);
  return short !== undefined && isDeepStrictEqual(readBack(short)?.value, after.value) ? short : written;
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

function setAt(tree: Document, pointer: string, value: unknown): void {
  const names = tokens(pointer);
  if (names.length === 0) {
    if (!mergeNode(tree, tree.contents as Node, value)) tree.contents = tree.createNode(value) as never;
    return;
  }
  const last = names.pop()!;
  const parent = parentOf(tree, names, true);
  const key = keyIn(parent, last);
  const old = parent.get(key, true) as Node | null | undefined;
  if (isAlias(old)) throw new Told(SHARED);
  if (!old || !mergeNode(tree, old, value)) parent.set(isMap(parent) && !old ? tree.createNode(key) : key, tree.createNode(value));
}

function removeAt(tree: Document, pointer: string): void {
  const names = tokens(pointer);
  if (names.length === 0) throw new Told({ en: 'is the whole document, which cannot be removed', zh: '是整个文档，不能删除' });
  const last = names.pop()!;
  const parent = parentOf(tree, names, false);
  const key = keyIn(parent, last);
  if (!parent.has(key)) throw new Told(tell(NOT_THERE, { pointer: pointer.slice(0, 200) }));
  const gone = parent.get(key, true) as Node | null;
  const kept = anchorsIn(gone);
  if (kept) throw new Told(SHARED);
  parent.delete(key);
  // An empty list or object must be written so; in block style nothing would be left of it.
  if (isCollection(parent) && parent.items.length === 0) parent.flow = true;
}

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
function parentOf(tree: Document, names: readonly string[], make: boolean): Collection {
  if (tree.contents === null || (isScalar(tree.contents) && tree.contents.value === null)) tree.contents = tree.createNode({}) as never;
  let at: unknown = tree.contents;
  for (const [depth, name] of names.entries()) {
    if (isAlias(at)) throw new Told(SHARED);
    if (!isMap(at) && !isSeq(at)) throw new Told(tell(NO_COLLECTION, { pointer: `/${names.slice(0, depth).join('/')}` }));
    const here = at as unknown as Collection;
    const key = keyIn(here, name);
    let next = here.get(key, true);
    const empty = next === undefined || next === null || (isScalar(next) && next.value === null);
    if (empty && !make) throw new Told(tell(NOT_THERE, { pointer: `/${names.slice(0, depth + 1).join('/')}` }));
    if (empty) {
      next = tree.createNode({});
      if (isMap(next)) next.flow = false;
      here.set(isMap(at) && !here.has(key) ? tree.createNode(key) : key, next);
    }
    at = next;
  }
  if (isAlias(at)) throw new Told(SHARED);
  if (!isMap(at) && !isSeq(at)) throw new Told(tell(NO_COLLECTION, { pointer: `/${names.join('/')}` }));
  return at as unknown as Collection;
}

function keyIn(parent: Collection, name: string): string | number {
  if (!isSeq(parent)) return name;
  const { length } = parent.items;
  if (name === '-') return length;
  const index = /^(0|[1-9]\d{0,5})$/.test(name) ? Number(name) : -1;
  if (index >= 0 && index <= length) return index;
  throw new Told(
    tell(
      { en: '"{name}" is no place in a list of {length}', zh: '“{name}”不是长度为 {length} 的列表中的位置' },
      { name: name.slice(0, 60), length },
    ),
  );
}

const DEPTH_MAX = 40;

/** The names of a pointer. Source: RFC 6901 §4. */
function tokens(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer))
    throw new Told(tell({ en: '"{pointer}" is no JSON pointer', zh: '“{pointer}”不是 JSON 指针' }, { pointer: pointer.slice(0, 200) }));
  const names = pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (names.length > DEPTH_MAX) throw new Told({ en: 'is nested too deeply', zh: '嵌套过深' });
  return names;
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
