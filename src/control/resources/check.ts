/**
 * One parsed document ─▶ checked document, or every mistake in it at once. Pure: neither the store nor a
 * connection is asked. Order: envelope, variables, schema, secrets, expressions, then the kind's own check.
 */
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import type { JsonSchema } from '../../base/schema.ts';
import type { Text } from '../../base/text.ts';
import { visitFields } from '../../base/schema-read.ts';
import { compileExpression } from '../../sdk/expression.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import { type AllowedEnvironment, variablesIn, wholeVariable } from '../documents/variables.ts';
import { locate, type ParsedDocument } from '../documents/parse.ts';
import type { CheckTools } from './define.ts';
import { readEnvelope } from './envelope.ts';
import type { BoundKind, KindTable } from './kind-table.ts';
import { fillVariables } from './fill.ts';
import { valueAt } from './value-at.ts';

/** A use of another resource: of the same project, unless `project` says which. */
export interface Reference {
  readonly project?: string;
  readonly kind: string;
  readonly name: string;
  readonly pointer: string;
}

/** A secret() field: a literal value, or a placeholder of one that is stored. */
export interface SecretField {
  readonly pointer: string;
  readonly literal: string | undefined;
  readonly kept: string | undefined;
}

export interface CheckedDocument {
  readonly parsed: ParsedDocument;
  readonly key: ResourceKey | undefined;
  readonly bound: BoundKind | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly enabled: boolean;
  /** People's form as written: variables, and secret literals, are still in it. */
  readonly written: Readonly<Record<string, unknown>>;
  /** As code uses it, variables of the environment filled in. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly references: readonly Reference[];
  readonly secrets: readonly SecretField[];
  /** With file and line. Empty exactly when the document may go on. */
  readonly problems: readonly ProblemPointer[];
}

export interface CheckEnvironment {
  readonly kinds: KindTable;
  readonly environment: AllowedEnvironment;
}

/** Checks all but the kind's own rules, which may look at other documents: see `checkKind`. */
export function checkDocument(parsed: ParsedDocument, { kinds, environment }: CheckEnvironment): CheckedDocument {
  const unread = {
    parsed,
    key: undefined,
    bound: undefined,
    labels: {},
    description: undefined,
    enabled: true,
    written: {},
    spec: {},
    references: [],
    secrets: [],
  };
  if (parsed.problems.length > 0) return { ...unread, problems: parsed.problems };
  const envelope = readEnvelope(parsed.value, kinds.keys());
  const problems = [...envelope.problems];
  const bound = envelope.kind === undefined ? undefined : kinds.get(envelope.kind);
  const { key, labels, description, enabled } = envelope;
  const base = { ...unread, key, bound, labels, description, enabled, written: envelope.spec };
  if (!bound) return { ...base, problems: locate(parsed, problems) };
  if (bound.definition.installationWide && key && key.project !== 'default') {
    problems.push(mistake('/metadata/project', WHOLE_INSTALLATION, { kind: key.kind }));
  }
  const filled = fillVariables(bound.schema, envelope.spec, environment);
  problems.push(...filled.problems);
  const fields = readFields(bound.schema as unknown as JsonSchema, filled.written, envelope.spec, filled.problems.length === 0);
  problems.push(...fields.problems, ...anchoredSecrets(parsed, fields.secrets));
  return { ...base, spec: filled.spec, references: fields.references, secrets: fields.secrets, problems: locate(parsed, problems) };
}

/** Adds what the kind's own check finds; only for documents without other problems. */
export function checkKind(document: CheckedDocument, tools: CheckTools): CheckedDocument {
  const check = document.bound?.definition.check;
  if (!check || document.problems.length > 0 || !document.key) return document;
  const found = check({ key: document.key, spec: document.spec as never, written: document.written }, tools);
  return found.length === 0 ? document : { ...document, problems: locate(document.parsed, found) };
}

const WHOLE_INSTALLATION: Text = {
  en: 'a {kind} belongs to the whole installation: leave the project out',
  zh: '{kind} 属于整个安装：请不要写 project',
};
const MIXED: Text = {
  en: 'mixes a variable with other text: in a secret field write either a value or exactly one variable such as ${secret:name}',
  zh: '把变量与其他文本混在一起：机密字段中只能写一个值，或恰好一个变量，例如 ${secret:name}',
};
const MISPLACED: Text = { en: 'uses {variable}, which only secret fields may', zh: '使用了 {variable}，只有机密字段可以使用它' };
const ANCHORED: Text = {
  en: 'is a secret behind a YAML anchor or alias: write it once, in a Secret, and use ${secret:name}',
  zh: '是位于 YAML 锚点或别名后的机密：请在 Secret 中写一次，并用 ${secret:name} 引用',
};

interface Fields {
  readonly references: Reference[];
  readonly secrets: SecretField[];
  readonly secretPointers: Set<string>;
  readonly problems: ProblemPointer[];
}

interface Fields {
  readonly references: Reference[];
  readonly secrets: SecretField[];
  readonly problems: ProblemPointer[];
}

/** What a stored spec names, and where its secrets are (pointers into the spec). `filled` = environment filled in. */
export function findFields(
  bound: BoundKind,
  filled: unknown,
  stored: unknown,
): { references: Reference[]; secretPointers: ReadonlySet<string> } {
  const { references, secretPointers } = readFields(bound.schema as unknown as JsonSchema, filled, stored, false);
  return { references, secretPointers: new Set([...secretPointers].map((pointer) => pointer.slice('/spec'.length))) };
}

/** Finds references, secrets and expressions. `complete` = the spec fits its schema, so every field can be told. */
function readFields(schema: JsonSchema, filled: unknown, written: unknown, complete: boolean): Fields {
  const fields: Fields = { references: [], secrets: [], secretPointers: new Set(), problems: [] };
  const { secretPointers } = fields;
  visitFields(schema, filled, ({ schema: field, value, pointer: at }) => {
    const pointer = `/spec${at}`;
    if (typeof value !== 'string') return;
    if (typeof field['x-ref'] === 'string') fields.references.push(...referenceOf(field, field['x-ref'], value, pointer));
    if (field['x-expression'] && !fields.problems.some((p) => p.pointer === pointer)) checkExpression(value, pointer, fields.problems);
    if (!field['x-secret'] || secretPointers.has(pointer)) return;
    secretPointers.add(pointer);
    readSecret(String(valueAt(written, at) ?? value), pointer, fields);
  });
  if (complete) refuseMisplaced(written, '/spec', secretPointers, fields.problems);
  return fields;
}

function referenceOf(field: JsonSchema, kind: string, name: string, pointer: string): Reference[] {
  if ((field['x-ref-built-in'] as readonly string[] | undefined)?.includes(name)) return [];
  const project = field['x-ref-project'];
  return [{ kind, name, pointer, ...(typeof project === 'string' ? { project } : {}) }];
}

function checkExpression(text: string, pointer: string, problems: ProblemPointer[]): void {
  const compiled = compileExpression(text);
  if (!compiled.ok) problems.push({ pointer, detail: compiled.error });
}

function readSecret(text: string, pointer: string, fields: Fields): void {
  const whole = wholeVariable(text);
  if (!whole && variablesIn(text).length > 0) {
    fields.problems.push({ pointer, detail: MIXED });
  } else if (!whole) fields.secrets.push({ pointer, literal: text, kept: undefined });
  else if (whole.source === 'kept') fields.secrets.push({ pointer, literal: undefined, kept: whole.name });
  else if (whole.source === 'secret') fields.references.push({ kind: 'Secret', name: whole.name, pointer });
}

/** Secrets in other fields would be shown, logged and hashed in the clear. */
function refuseMisplaced(value: unknown, pointer: string, allowed: ReadonlySet<string>, problems: ProblemPointer[]): void {
  if (typeof value === 'string') {
    const misplaced = allowed.has(pointer) ? undefined : variablesIn(value).find((variable) => variable.source !== 'env');
    if (misplaced) problems.push(mistake(pointer, MISPLACED, { variable: `\${${misplaced.source}:${misplaced.name.slice(0, 63)}}` }));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      refuseMisplaced(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, allowed, problems);
    }
  }
}

/** A literal that shares its place with others could not be taken out of the text. */
function anchoredSecrets(parsed: ParsedDocument, secrets: readonly SecretField[]): ProblemPointer[] {
  return secrets
    .filter(({ pointer, literal }) => literal !== undefined && parsed.places.has(pointer) && !parsed.places.get(pointer)!.scalar)
    .map(({ pointer }) => ({ pointer, detail: ANCHORED }));
}
