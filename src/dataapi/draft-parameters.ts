/**
 * Parameters found by themselves: those a template binds or tests, joined with what the document declares. The type of
 * one that is not declared is what the database infers where its mark stands; a text where it cannot tell.
 */
import type { BoundParameter, DataApiInput } from '../sdk/dataapi.ts';
import type { DraftParameter } from '../sdk/dataapi-draft.ts';
import type { InferredType, QueryEngine } from '../sdk/query.ts';
import type { ColumnType } from '../sdk/record.ts';
import type { ParameterSpec } from '../sdk/specs/dataapi.ts';
import { placeOf } from './draft-places.ts';
import { bindTypeOf } from './schema-check.ts';
import { parseTemplate, type Template } from './template/parser.ts';
import { buildShapes } from './template/shapes.ts';

/** All of them: declared ones first, then by first use. Empty for a template that cannot be read, but for declared ones. */
export async function findParameters(input: DataApiInput, engine: QueryEngine, signal: AbortSignal): Promise<DraftParameter[]> {
  const sql = textOf(input.spec['sql']);
  const { template } = parseTemplate(sql, input.dialect);
  const declared = declaredIn(input.spec['parameters']);
  const found = [...(template?.binds.map((b) => b.text) ?? []), ...(template?.tests.flatMap((t) => namesIn(t.text)) ?? [])];
  const missing = [...new Set(found)].filter((name) => !declared.has(name) && NAME.test(name));
  const inferred = template && missing.length > 0 ? await infer(template, declared, missing, input, engine, signal) : new Map();
  const path = textOf(input.spec['path']);
  const used = (name: string) => (template?.binds ?? []).filter((b) => b.text === name).map((b) => placeOf(sql, b.at ?? 0));
  return [
    ...[...declared].map(([name, spec]): DraftParameter => {
      const required = spec.in === 'path' || spec.required === true;
      return { name, in: spec.in ?? 'query', declared: true, required, used: used(name), inferred: undefined, schema: spec.schema ?? {} };
    }),
    ...missing.map((name): DraftParameter => {
      const type = inferred.get(name) as InferredType | undefined;
      const inPath = path.includes(`{${name}}`);
      const schema = type ? schemaFor(type.type) : { type: 'string' };
      return { name, in: inPath ? 'path' : 'query', declared: false, required: inPath, used: used(name), inferred: type?.name, schema };
    }),
  ];
}

/** The input with what was found declared, so that it compiles. */
export function withFound(input: DataApiInput, found: readonly DraftParameter[]): DataApiInput {
  const added = found.filter((p) => !p.declared).map((p) => [p.name, { in: p.in, schema: p.schema }]);
  if (added.length === 0) return input;
  return {
    ...input,
    spec: { ...input.spec, parameters: { ...(input.spec['parameters'] as object | undefined), ...Object.fromEntries(added) } },
  };
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What the document declares, as far as it has the form of parameters; the compiler tells what is wrong with it. */
function declaredIn(value: unknown): Map<string, Partial<ParameterSpec>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  const entries = Object.entries(value).filter((e): e is [string, Partial<ParameterSpec>] => typeof e[1] === 'object' && e[1] !== null);
  return new Map(entries);
}

/** Names in the test of an `<if>`: words outside quotes that are no words of its language. */
function namesIn(test: string): string[] {
  const plain = test.replace(/'(?:[^']|'')*'|"[^"]*"/g, ' ');
  const words = plain.match(/(?<![\w.])[A-Za-z_]\w*/g) ?? [];
  return words.filter((word) => !['and', 'or', 'not', 'null', 'true', 'false'].includes(word.toLowerCase()));
}

/** Asks the database about the shape with every branch taken: each bind stands in it. */
async function infer(
  template: Template,
  declared: ReadonlyMap<string, Partial<ParameterSpec>>,
  missing: readonly string[],
  input: DataApiInput,
  engine: QueryEngine,
  signal: AbortSignal,
): Promise<Map<string, InferredType>> {
  if (!engine.inferTypes) return new Map();
  const known = [...declared].map(([name, { schema }]): { name: string; type: BoundParameter['type'] | undefined } => ({
    name,
    type: bindTypeOf(schema ?? {}),
  }));
  const loose = [...known, ...missing.map((name) => ({ name, type: undefined }))];
  const { shapes, errors } = buildShapes(template, loose, undefined, input.dialect);
  const whole = shapes.at(-1);
  if (errors.length > 0 || !whole) return new Map();
  const types = await engine.inferTypes(whole, signal);
  return new Map(whole.binds.flatMap((name, i) => (types[i] && missing.includes(name) ? [[name, types[i]] as const] : [])));
}

/** The JSON Schema whose values are bound as `type`, or as near to it as parameters come. */
function schemaFor(type: ColumnType): Record<string, unknown> {
  switch (type) {
    case 'int16':
      return { type: 'integer', minimum: -32_768, maximum: 32_767 };
    case 'int32':
      return { type: 'integer', minimum: -2_147_483_648, maximum: 2_147_483_647 };
    case 'int64':
      return { type: 'integer' };
    case 'decimal':
    case 'float32':
    case 'float64':
      return { type: 'number' };
    case 'boolean':
      return { type: 'boolean' };
    case 'date':
    case 'time':
    case 'uuid':
      return { type: 'string', format: type };
    case 'timestamp':
    case 'timestamptz':
      return { type: 'string', format: 'date-time' };
    default:
      return { type: 'string' };
  }
}
