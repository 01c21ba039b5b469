/**
 * YAML tree ─▶ plain JSON value, with the place of every member. Bounded in size and depth, and strict
 * about what JSON cannot hold: an integer above 2⁵³ would change silently, so it is an error.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, visit } from 'yaml';
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';
import { escapePointer } from '../../base/schema-read.ts';

/** Where a member stands in its text: offsets of its value, and of its key when it has one. */
export interface Place {
  readonly keyStart: number | undefined;
  readonly start: number;
  readonly end: number;
  /** A plain value that may be replaced in the text: neither shared by an anchor nor a collection. */
  readonly scalar: boolean;
}

export interface YamlValue {
  readonly value: unknown;
  readonly places: ReadonlyMap<string, Place>;
  readonly problems: readonly ProblemPointer[];
}

const NODES_MAX = 50_000;
const DEPTH_MAX = 40;

interface Walk {
  readonly document: Document;
  readonly places: Map<string, Place>;
  readonly problems: ProblemPointer[];
  targets?: ReadonlyMap<Alias, Node>;
  nodes: number;
}

/** Reads the tree of a parsed document. Never throws; whatever is wrong stands in `problems`. */
export function readYamlTree(document: Document): YamlValue {
  const walk: Walk = { document, places: new Map(), problems: [], nodes: 0 };
  const value = readNode(walk, document.contents as Node | null, '', undefined, false, 0);
  return { value, places: walk.places, problems: walk.problems };
}

function readNode(walk: Walk, node: Node | null, at: string, keyStart: number | undefined, shared: boolean, depth: number): unknown {
  if (++walk.nodes > NODES_MAX) return walk.nodes === NODES_MAX + 1 ? wrong(walk, at, TOO_MANY, { limit: NODES_MAX }) : null;
  if (depth > DEPTH_MAX) return wrong(walk, at, { en: 'is nested too deeply', zh: '嵌套过深' });
  if (node?.range) {
    const scalar = isScalar(node) && !shared && !node.anchor;
    if (!walk.places.has(at)) walk.places.set(at, { keyStart, start: node.range[0], end: node.range[1], scalar });
  }
  if (node === null) return null;
  if (isAlias(node)) {
    const target = (walk.targets ??= aliasTargets(walk.document)).get(node);
    return target ? readNode(walk, target, at, keyStart, true, depth + 1) : wrong(walk, at, NO_ANCHOR, { name: node.source.slice(0, 60) });
  }
  if (node.tag && !/^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/.test(node.tag))
    return wrong(
      walk,
      at,
      { en: 'has the tag {tag}, which is not accepted here', zh: '带有标签 {tag}，此处不接受' },
      { tag: node.tag.slice(0, 60) },
    );
  if (isScalar(node) && node.type === 'PLAIN' && at.endsWith('/sql') && node.comment?.startsWith('{')) return wrong(walk, at, CUT);
  if (isMap(node)) return readMap(walk, node.items as Pair<Node, Node | null>[], at, shared, depth);
  if (isSeq(node)) return (node.items as Node[]).map((item, index) => readNode(walk, item, `${at}/${index}`, undefined, shared, depth + 1));
  return isScalar(node) ? readScalar(walk, node.value, node.source, at) : wrong(walk, at, { en: 'is not a value', zh: '不是一个值' });
}

/** What each alias stands for: the last anchor of its name before it. The library's own search walks the whole tree for each alias. */
function aliasTargets(document: Document): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node(_key, node) {
      if (!isAlias(node)) return void (node.anchor && anchors.set(node.anchor, node as Node));
      const target = anchors.get(node.source);
      if (target) targets.set(node, target);
    },
  });
  return targets;
}

const CUT = {
  en: 'ends at " #{": YAML begins a comment there. Write `sql: |` and the SQL on the next lines, or put it in quotes',
  zh: '在“ #{”处被截断：YAML 将其视为注释。请写 `sql: |` 并把 SQL 放在后续各行，或加引号',
};

function readMap(
  walk: Walk,
  items: readonly Pair<Node, Node | null>[],
  at: string,
  shared: boolean,
  depth: number,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { key, value } of items) {
    if (!isScalar(key)) {
      wrong(walk, at, { en: 'has a member whose name is not a plain word', zh: '有成员的名称不是普通词' });
      continue;
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
    const pointer = `${at}/${escapePointer(name)}`;
    if (Object.hasOwn(result, name)) {
      walk.places.delete(pointer); // The line of the second one is told.
      wrong(walk, pointer, { en: 'is here twice', zh: '重复出现' });
    }
    const item = readNode(walk, value, pointer, key.range?.[0], shared, depth + 1);
    Object.defineProperty(result, name, { value: item, writable: true, enumerable: true, configurable: true });
  }
  return result;
}

function readScalar(walk: Walk, value: unknown, source: string | undefined, at: string): unknown {
  if (typeof value !== 'number') return value === undefined ? null : value;
  if (!Number.isFinite(value)) return wrong(walk, at, NO_NUMBER, { given: source ?? value });
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return wrong(walk, at, TOO_BIG, { given: source?.slice(0, 40) ?? value });
  return value;
}

const TOO_MANY: Text = {
  en: 'has more than {limit} values, aliases counted each time they are used',
  zh: '的值多于 {limit} 个（别名按每次使用计）',
};
const NO_ANCHOR: Text = { en: 'refers to the anchor "{name}", which is not set before it', zh: '引用了锚点“{name}”，但前面没有定义它' };
const NO_NUMBER: Text = { en: 'is {given}, which is not a number JSON can hold', zh: '为 {given}，不是 JSON 能表示的数字' };
const TOO_BIG: Text = {
  en: 'is the integer {given}, too large to be kept exactly; write it in quotes',
  zh: '为整数 {given}，过大而无法精确保存；请加引号书写',
};

function wrong(walk: Walk, pointer: string, text: Text, values?: Record<string, unknown>): null {
  walk.problems.push(mistake(pointer, text, values));
  return null;
}
