/**
 * Changes to a document's text that leave everything else, comments too, as it was written.
 * A scalar is replaced in place; a whole new value is merged into the tree of the old text.
 */
import { type Document, isMap, isScalar, isSeq, type Node, parseDocument, stringify, visit, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Place } from './yaml-value.ts';

const WRITE_OPTIONS = { lineWidth: 0, version: '1.2', schema: 'core' } as const;

/** Replaces scalars at `edits` (pointer → text written as a quoted word). All pointers must be scalar places. */
export function replaceScalars(text: string, places: ReadonlyMap<string, Place>, edits: ReadonlyMap<string, string>): string {
  const ordered = [...edits]
    .map(([pointer, word]) => ({ place: places.get(pointer)!, word }))
    .sort((a, b) => b.place.start - a.place.start);
  let result = text;
  for (const { place, word } of ordered) {
    const old = result.slice(place.start, place.end);
    const tail = old.endsWith('\n') ? '\n' : ''; // A block scalar takes its line end along.
    result = result.slice(0, place.start) + JSON.stringify(word) + tail + result.slice(place.end);
  }
  return result;
}

/** The text of `value`, keeping comments and order of `old` where members stayed. */
export function writeDocument(value: Readonly<Record<string, unknown>>, old?: string): string {
  if (old === undefined) return stringify(value, WRITE_OPTIONS);
  const tree = parseDocument(old, { version: '1.2', schema: 'core' });
  if (tree.errors.length > 0 || !isMap(tree.contents)) return stringify(value, WRITE_OPTIONS);
  keepFlow(tree, old);
  mergeMap(tree, tree.contents as YAMLMap, value);
  return tree.toString({ lineWidth: 0 });
}

/** Sets the top-level `enabled`, touching no other line. */
export function writeEnabled(text: string, places: ReadonlyMap<string, Place>, enabled: boolean): string {
  const place = places.get('/enabled');
  if (place?.scalar) return `${text.slice(0, place.start)}${enabled}${text.slice(place.end)}`;
  const spec = places.get('/spec');
  const lineStart = spec?.keyStart === undefined ? -1 : text.lastIndexOf('\n', spec.keyStart - 1) + 1;
  if (lineStart !== spec?.keyStart) {
    const tree = parseDocument(text, { version: '1.2', schema: 'core' });
    keepFlow(tree, text);
    tree.set('enabled', enabled);
    return tree.toString({ lineWidth: 0 });
  }
  return `${text.slice(0, lineStart)}enabled: ${enabled}\n${text.slice(lineStart)}`;
}

/** Longer ones are written anew: each is compared with what it was. */
const FLOW_CHARACTERS_MAX = 500;

/**
 * Lists and maps in brackets that stay as they are keep their own blanks: `[open, paid]` is not `[ open, paid ]`.
 * To be called before the tree, parsed from `text`, is changed.
 */
export function keepFlow(tree: Document, text: string): void {
  visit(tree, {
    Collection(_key, node) {
      if (!node.flow || !node.range) return;
      const written = text.slice(node.range[0], node.range[1]);
      // What spans lines or shares values is the library's to write.
      if (written.length > FLOW_CHARACTERS_MAX || /[\n&*#]/.test(written)) return;
      const before = JSON.stringify(node);
      const write = node.toString.bind(node) as (how: unknown, onComment?: () => void, onChompKeep?: () => void) => string;
      const toString: typeof write = (how, onComment, onChompKeep) => {
        const { comment } = node;
        if (node.commentBefore || comment?.includes('\n') || JSON.stringify(node) !== before) return write(how, onComment, onChompKeep);
        if (comment) onComment?.();
        return comment ? `${written} #${comment}` : written;
      };
      Object.assign(node, { toString });
    },
  });
}

function mergeMap(tree: Document, map: YAMLMap, value: Readonly<Record<string, unknown>>): void {
  for (const pair of map.items.slice()) {
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    if (!Object.hasOwn(value, name) || value[name] === undefined) map.delete(pair.key);
  }
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const node = map.get(name, true) as Node | undefined;
    if (!node) map.set(tree.createNode(name), tree.createNode(item));
    else if (!mergeNode(tree, node, item)) map.set(name, tree.createNode(item));
  }
}

function mergeSeq(tree: Document, seq: YAMLSeq, value: readonly unknown[]): void {
  seq.items.length = Math.min(seq.items.length, value.length);
  value.forEach((item, index) => {
    const node = seq.items[index] as Node | undefined;
    if (!node || !mergeNode(tree, node, item)) seq.items[index] = tree.createNode(item) as Node;
  });
}

/** Merges in place where the shapes agree; false when the node must be replaced. */
export function mergeNode(tree: Document, node: Node, value: unknown): boolean {
  if (node.anchor) return false;
  if (isMap(node) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    mergeMap(tree, node as YAMLMap, value as Record<string, unknown>);
    return true;
  }
  if (isSeq(node) && Array.isArray(value)) {
    mergeSeq(tree, node as YAMLSeq, value);
    return true;
  }
  if (!isScalar(node) || (typeof value === 'object' && value !== null)) return false;
  if (node.value === value) return true;
  const comment = node.comment;
  const written = tree.createNode(value);
  node.value = (written as { value: unknown }).value;
  node.type = undefined;
  node.comment = comment;
  delete node.source;
  return true;
}
