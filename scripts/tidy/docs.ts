/** Texts that must be there: Chinese beside English, help on every field, docs of problems, metrics and verbs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { kinds } from '../../generated/kinds.ts';
import { metrics } from '../../generated/metrics.ts';
import { catalogues } from '../../generated/problems.ts';
import { registry } from '../../generated/registry.ts';
import type { JsonSchema } from '../../src/base/schema.ts';
import { verbs } from '../../src/cli/verbs/list.ts';
import { bindKinds, kindViews } from '../../src/control/resources/kind-table.ts';
import { processConfig } from '../../src/wire/config.ts';
import type { Component } from '../../src/sdk/component.ts';
import { componentsOf } from '../../src/sdk/registry.ts';
import { keyFaults } from './words.ts';

const CHINESE = /[\u4e00-\u9fff]/;

const components = (): Component[] => componentsOf(registry);

/** Titles, summaries, problems and fields without a Chinese or English text, and banned keys. */
export function textFaults(): string[] {
  const faults: string[] = [];
  const both = (where: string, text: { en: string; zh: string } | undefined) => {
    if (!text?.en.trim()) faults.push(`${where}: no English text`);
    if (!text || !CHINESE.test(text.zh)) faults.push(`${where}: no Chinese text`);
  };
  for (const c of components()) {
    const where = `${c.kind}/${c.id}`;
    both(`${where} title`, CHINESE.test(c.title.zh) ? c.title : { ...c.title, zh: `${c.title.zh}名` }); // Product names stay as they are.
    both(`${where} summary`, c.summary);
    if (c.examples.length === 0) faults.push(`${where}: no example`);
    fields(c.config as unknown as JsonSchema, where, faults);
  }
  for (const { area, specs } of catalogues) {
    for (const [name, spec] of Object.entries(specs)) {
      both(`${area}/${name} title`, spec.title);
      if (spec.detail) both(`${area}/${name} detail`, spec.detail);
    }
  }
  for (const metric of metrics) both(metric.name, metric.help);
  for (const verb of verbs) both(`weir ${verb.name}`, verb.summary);
  for (const kind of kindViews(bindKinds(kinds, registry))) {
    both(`${kind.kind} title`, kind.title);
    both(`${kind.kind} summary`, kind.summary);
    fields(kind.schema as JsonSchema, kind.kind, faults);
  }
  fields(processConfig as unknown as JsonSchema, 'weir.yaml', faults);
  return faults;
}

function fields(schema: JsonSchema, where: string, faults: string[]): void {
  const properties = Object.entries(schema.properties ?? {});
  faults.push(
    ...keyFaults(
      where,
      properties.map(([key]) => key),
    ),
  );
  for (const [key, field] of properties) {
    const at = `${where}.${key}`;
    if (key !== 'type' && !field.description) faults.push(`${at}: no description`);
    if (key !== 'type' && !CHINESE.test(String(field['x-zh'] ?? ''))) faults.push(`${at}: no Chinese description`);
    fields(field, at, faults);
  }
  for (const [name, inner] of innerSchemas(schema)) fields(inner, `${where}${name}`, faults);
}

/** Schemas of members without a name of their own: of lists, choices and records. Forms show their fields as well. */
function innerSchemas(schema: JsonSchema): [string, JsonSchema][] {
  const { items, additionalProperties: rest, anyOf = [], patternProperties = {} } = schema;
  return [
    ...(items ? [['[]', items] as [string, JsonSchema]] : []),
    ...(typeof rest === 'object' ? [['.*', rest] as [string, JsonSchema]] : []),
    ...anyOf.map((one, i): [string, JsonSchema] => [`|${i}`, one]),
    ...Object.entries(patternProperties),
  ];
}

/** Problem codes and metrics: code ↔ docs, both ways. */
export function referenceFaults(root: string): string[] {
  const codes = catalogues.flatMap(({ area, specs }) => Object.keys(specs).map((name) => `${area}/${name}`));
  return [
    ...compare(root, 'docs/reference/problems.md', codes, /^\| `([a-z0-9/-]+\/[a-z0-9-]+)`/gm),
    ...compare(
      root,
      'docs/reference/metrics.md',
      metrics.map((m) => m.name),
      /^\| `(weir_\w+)`/gm,
    ),
    ...compare(
      root,
      'docs/reference/cli.md',
      verbs.map((v) => v.name),
      /^## ([a-z][a-z -]*)$/gm,
    ),
    ...twice('problem code', codes),
    ...twice(
      'metric',
      metrics.map((m) => m.name),
    ),
  ];
}

/** Names in code but not on the page, and the other way round. */
export function compare(root: string, file: string, names: readonly string[], pattern: RegExp): string[] {
  const page = readFileSync(path.join(root, file), 'utf8');
  const documented = new Set([...page.matchAll(pattern)].map((m) => m[1]!));
  return [
    ...names.filter((name) => !documented.has(name)).map((name) => `${file}: ${name} is not documented`),
    ...[...documented].filter((name) => !names.includes(name)).map((name) => `${file}: ${name} no longer exists`),
  ];
}

function twice(what: string, names: readonly string[]): string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))].map((name) => `${what} ${name} stands twice`);
}
