/** From a place in a shape's SQL, or a word of the database's complaint, back to line and column of the template. */
import type { CompiledDataApi } from '../sdk/dataapi.ts';
import type { DraftPlace } from '../sdk/dataapi-draft.ts';
import type { QueryFailure } from '../sdk/query.ts';
import { parseTemplate, type Template } from './template/parser.ts';
import { buildShapes } from './template/shapes.ts';

/** Line and column (in UTF-16 units, as editors count) of an offset in `text`, both from 1. */
export function placeOf(text: string, offset: number): DraftPlace {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}

/** Where the template is wrong; undefined when neither the database nor its words say. */
export function placeOfFailure(failure: QueryFailure, sql: string, api: CompiledDataApi, index: number): DraftPlace | undefined {
  const { template } = parseTemplate(sql, api.dialect);
  if (!template) return undefined;
  const offset =
    failure.position === undefined ? offsetOfWord(failure.message, template) : offsetOf(failure.position, template, api, index);
  return offset === undefined ? undefined : placeOf(sql, offset);
}

/** Characters of the database are code points, offsets of ours UTF-16 units. */
function offsetOf(position: number, template: Template, api: CompiledDataApi, index: number): number | undefined {
  const { shapes, marks } = buildShapes(template, api.parameters, api.page, api.dialect);
  const at = [...shapes[index]!.sql].slice(0, position - 1).join('').length;
  const mark = marks[index]!.findLast((m) => m.from <= at);
  return mark && mark.at + Math.min(at - mark.from, mark.length - 1);
}

/** SQLite names the word it stumbled over, not its place: the first token that is it. */
function offsetOfWord(message: string, template: Template): number | undefined {
  const word = /near "([^"]+)"|no such (?:column|table|function): (\S+)|ambiguous column name: (\S+)/.exec(message);
  const name = (word?.[1] ?? word?.[2] ?? word?.[3])?.split('.').at(-1)?.toLowerCase();
  if (name === undefined) return undefined;
  return template.flat.find((t) => t.kind !== 'space' && t.text.replace(/^["`[]|["`\]]$/g, '').toLowerCase() === name)?.at;
}
