/**
 * The process configuration: flags > environment > file > default (DESIGN D16). Environment names are
 * mechanical: `WEIR_` + the path in capitals (`gateway.bodyMax` → `WEIR_GATEWAY_BODY_MAX`), and any
 * may end in `_FILE` to read the value from a file. Unknown keys are errors with a "did you mean".
 */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { mistake, type ProblemPointer } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import { readValue } from '../base/schema-read.ts';
import type { JsonSchema, Static, TSchema } from '../base/schema.ts';
import { nearest } from '../base/suggest.ts';
import problems from './problems.ts';

export interface ConfigSource {
  /** Path of `weir.yaml`, and whether it must be there. */
  readonly file: string;
  readonly required: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values of command-line flags by dotted path. */
  readonly flags: Readonly<Record<string, string>>;
}

export interface LoadedConfig<C> {
  readonly config: C;
  /** Where each leaf's value came from, by dotted path: `default`, `weir.yaml`, `WEIR_…`, `flag`. */
  readonly origins: Readonly<Record<string, string>>;
  /** The values as people would write them, by dotted path; secrets hidden. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** Variables with a meaning of their own, outside the mechanical names. */
const OTHER_VARIABLES =
  /^WEIR_(VAR_.*|TEST_.*|(TOKEN|ADMIN_PASSWORD)(_FILE)?|MASTER_KEY_FILE|SERVER|PROJECT|LAUNCHER_CHANNEL|CONFIG|LANG)$/;

/** Reads and checks the configuration; raises `bad-config` with every mistake at once. */
export function loadConfig<S extends TSchema>(schema: S, source: ConfigSource): LoadedConfig<Static<S>> {
  const errors: ProblemPointer[] = [];
  const origins: Record<string, string> = {};
  const tree = readFile(source, errors, origins);
  const leaves = leavesOf(schema as unknown as JsonSchema);
  applyEnvironment(source.environment, leaves, tree, errors, origins);
  for (const [path, value] of Object.entries(source.flags)) place(tree, path, leaves.get(path), value, origins, 'flag');
  const { value, errors: wrong } = readValue(schema, tree);
  errors.push(...wrong.map((e) => ({ ...e, ...placeOf(e.pointer, origins, source.file) })));
  if (errors.length > 0) throw problems.raise['bad-config']({ values: { count: errors.length }, errors });
  const shown: Record<string, unknown> = {};
  for (const [path, leaf] of leaves) {
    const given = lookUp(tree, path);
    shown[path] = leaf['x-secret'] && given !== undefined ? '(hidden)' : (given ?? leaf.default ?? null);
    origins[path] ??= 'default';
  }
  return { config: value, origins, shown };
}

const NOT_YAML: Text = { en: 'cannot be read as YAML: {words}', zh: '无法按 YAML 读取：{words}' };
const UNKNOWN_VARIABLE: Text = { en: 'the environment variable {name} is not known', zh: '未知的环境变量 {name}' };
const NEAR_VARIABLE: Text = {
  en: 'the environment variable {name} is not known; did you mean {near}?',
  zh: '未知的环境变量 {name}；是否指 {near}？',
};
/** Two variables that give one value. */
export const SET_TWICE: Text = {
  en: '{one} and {other} are both set: only one of them can give the value, remove the other',
  zh: '{one} 与 {other} 同时设置：只能由其中一个给出该值，请删除另一个',
};
const NO_FILE: Text = { en: '{name} names a file that cannot be read: {words}', zh: '{name} 指定的文件无法读取：{words}' };

type Tree = Record<string, unknown>;

function readFile(source: ConfigSource, errors: ProblemPointer[], origins: Record<string, string>): Tree {
  let text: string;
  try {
    text = readFileSync(source.file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!missing || source.required)
      errors.push({
        ...mistake('', { en: 'cannot be read: {words}', zh: '无法读取：{words}' }, { words: (error as Error).message }),
        file: source.file,
      });
    return {};
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const error of document.errors) {
    errors.push({
      ...mistake('', NOT_YAML, { words: error.message.split('\n')[0] }),
      file: source.file,
      line: lines.linePos(error.pos[0]).line,
    });
  }
  if (document.errors.length > 0 || document.contents === null) return {};
  if (!isMap(document.contents)) {
    errors.push({ ...mistake('', { en: 'must be a mapping of sections', zh: '必须由若干配置节组成' }), file: source.file, line: 1 });
    return {};
  }
  const walk = (node: unknown, path: string): void => {
    if (!isMap(node)) return;
    for (const pair of node.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const at = path ? `${path}.${key}` : key;
      const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
      origins[at] = `${source.file}:${lines.linePos(offset).line}`;
      walk(pair.value, at);
    }
  };
  walk(document.contents, '');
  return document.toJS() as Tree;
}

/** Every leaf of the schema by dotted path. Lists and records count as leaves. */
export function leavesOf(schema: JsonSchema, path = '', into = new Map<string, JsonSchema>()): Map<string, JsonSchema> {
  if (!schema.properties) return into.set(path, schema);
  for (const [key, field] of Object.entries(schema.properties)) leavesOf(field, path ? `${path}.${key}` : key, into);
  return into;
}

/** `gateway.bodyMax` → `WEIR_GATEWAY_BODY_MAX`. */
export function variableOf(path: string): string {
  return `WEIR_${path
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

function applyEnvironment(
  environment: ConfigSource['environment'],
  leaves: ReadonlyMap<string, JsonSchema>,
  tree: Tree,
  errors: ProblemPointer[],
  origins: Record<string, string>,
): void {
  const known = new Map([...leaves.keys()].map((path) => [variableOf(path), path]));
  for (const [name, raw] of Object.entries(environment)) {
    if (!name.startsWith('WEIR_') || raw === undefined || OTHER_VARIABLES.test(name)) continue;
    const fromFile = !known.has(name) && name.endsWith('_FILE');
    const path = known.get(fromFile ? name.slice(0, -5) : name);
    if (path === undefined) {
      const near = nearest(name, known.keys());
      errors.push(mistake('', near ? NEAR_VARIABLE : UNKNOWN_VARIABLE, { name, near }));
      continue;
    }
    let value = raw;
    if (fromFile && environment[variableOf(path)] !== undefined) {
      errors.push(mistake('', SET_TWICE, { one: variableOf(path), other: name }));
      continue;
    }
    if (fromFile) {
      try {
        value = readFileSync(raw, 'utf8').trimEnd();
      } catch (error) {
        errors.push(mistake('', NO_FILE, { name, words: (error as Error).message }));
        continue;
      }
    }
    place(tree, path, leaves.get(path), value, origins, name);
  }
}

/** Puts a text value at a dotted path, as the type its schema asks for. */
function place(
  tree: Tree,
  path: string,
  schema: JsonSchema | undefined,
  text: string,
  origins: Record<string, string>,
  origin: string,
): void {
  const steps = path.split('.');
  const last = steps.pop()!;
  let at = tree;
  for (const step of steps) {
    if (typeof at[step] !== 'object' || at[step] === null) at[step] = {};
    at = at[step] as Tree;
  }
  at[last] = typed(schema, text);
  origins[path] = origin;
}

function typed(schema: JsonSchema | undefined, text: string): unknown {
  if (schema?.type === 'integer' || schema?.type === 'number')
    return text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
  if (schema?.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (schema?.type === 'array') return text === '' ? [] : text.split(',').map((item) => item.trim());
  return text;
}

function lookUp(tree: Tree, path: string): unknown {
  return path.split('.').reduce<unknown>((at, step) => (at as Tree | undefined)?.[step], tree);
}

/** Names the file and line, or the variable, that a mistake stands in. */
function placeOf(pointer: string, origins: Readonly<Record<string, string>>, file: string): Partial<ProblemPointer> {
  const origin = origins[pointer.slice(1).replaceAll('/', '.')];
  const line = origin?.startsWith(`${file}:`) ? Number(origin.slice(file.length + 1)) : undefined;
  return line === undefined ? (origin ? { file: origin } : {}) : { file, line };
}
