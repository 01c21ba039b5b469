/**
 * Aim: every kind keeps the promises all kinds share. Method: a walk over all kinds and all examples of kinds
 * and extensions: they validate, dump → apply is the identity, secrets stay, every field has words.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { actor, openWorld, testKinds, testRegistry } from '../../../test/control/world.ts';
import type { JsonSchema } from '../../base/schema.ts';
import { createDataApiCompiler } from '../../dataapi/compiler.ts';
import { validateDocuments } from '../configuration.ts';
import { allowedEnvironment } from '../documents/variables.ts';
import { writeDocument } from '../documents/edit.ts';
import { bindKinds, kindViews } from './kind-table.ts';

const parts = { registry: testRegistry, kinds: testKinds, dataApis: createDataApiCompiler(), environment: allowedEnvironment({}) };
const connection = (name: string, config: object) =>
  writeDocument({ apiVersion: 'weir/v1', kind: 'Connection', metadata: { name }, spec: config as never });
const route = (name: string, more: object) =>
  writeDocument({
    apiVersion: 'weir/v1',
    kind: 'Route',
    metadata: { name },
    spec: { match: { paths: [`/x/${name}`] }, upstream: 'orders-upstream', ...more },
  });

/** Every example of kinds and extensions as a document, each a resource of its own. */
function everyExample(): string[] {
  const texts = testKinds.flatMap((kind) => kind.examples.map((example) => example.text));
  for (const name of ['chinook', 'warehouse'])
    texts.push(connection(name, { type: 'postgres', host: 'h', database: 'd', user: 'u', password: `plain ${name}` }));
  for (const [id, component] of testRegistry.connectors)
    component.examples.forEach((example, i) => texts.push(connection(`example-${id}-${i}`, { type: id, ...example.config })));
  for (const [id, component] of testRegistry.policies)
    component.examples.forEach((example, i) => texts.push(route(`policy-${id}-${i}`, { policies: [{ type: id, ...example.config }] })));
  for (const [id, component] of testRegistry.auth)
    component.examples.forEach((example, i) => texts.push(route(`auth-${id}-${i}`, { auth: [{ type: id, ...example.config }] })));
  for (const [id, component] of testRegistry.connectors) {
    const named = component.examples.flatMap(({ config }) =>
      [...JSON.stringify(config).matchAll(/\$\{secret:([a-z0-9-]+)\}/g)].map((m) => m[1]!),
    );
    for (const name of new Set(named))
      texts.push(`apiVersion: weir/v1\nkind: Secret\nmetadata: { name: ${name} }\nspec: { value: of ${id} }\n`);
  }
  const seen = new Set<string>();
  return texts.filter((text) => {
    const head = /kind: (\w+)[\s\S]*?name: ([a-z0-9-]+)/.exec(text)!.slice(1).join('/');
    return !seen.has(head) && Boolean(seen.add(head));
  });
}

test('the kinds of the tests are those in the folder', () => {
  const files = readdirSync(path.join(import.meta.dirname, 'kinds'))
    .map((file) => file.replace('.ts', ''))
    .sort();
  const kebab = (kind: string) => kind.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
  assert.deepEqual(testKinds.map(({ kind }) => kebab(kind)).sort(), files);
});

test('every example validates as one configuration, offline', async () => {
  const checks = await validateDocuments(
    everyExample().map((text) => ({ text })),
    parts,
    { complete: true },
  );
  assert.deepEqual(
    checks.flatMap(({ key, problems }) => problems.map((p) => `${key?.kind}/${key?.name} ${p.pointer} ${p.detail.en}`)),
    [],
  );
  assert.ok(checks.length > testKinds.length);
});

test('dump → apply is the identity for every example, for texts, versions and what is served', async (t) => {
  const w = await openWorld();
  t.after(() => w.end());
  const first = await w.apply(everyExample().join('---\n'));
  assert.deepEqual(
    first.results.flatMap((result) => result.problems),
    [],
  );
  const { number, hashes } = w.publisher;
  const dump = await w.resources.dump({});
  const again = await w.apply(dump, { prune: true });
  assert.deepEqual(new Set(again.results.map((result) => result.outcome)), new Set(['unchanged']));
  assert.equal(again.results.length, first.results.length);
  assert.equal(await w.resources.dump({}), dump);
  assert.deepEqual([w.publisher.number, w.publisher.hashes], [number, hashes]);
  for (const item of (await w.resources.list({ limit: 1000 })).items) {
    const key = { project: item.project, kind: item.kind, name: item.name };
    const put = await w.resources.put(
      key,
      { apiVersion: 'weir/v1', kind: item.kind, metadata: { name: item.name }, spec: item.spec },
      { actor, dryRun: true },
    );
    assert.equal(put.release, item.release, `${item.kind}/${item.name}: a form that changes nothing keeps the release`);
  }
});

test('a dump taken to another installation asks for its secrets', async (t) => {
  const [here, there] = [await openWorld(), await openWorld()];
  t.after(() => Promise.all([here.end(), there.end()]));
  await here.apply(everyExample().join('---\n'));
  const moved = await there.apply(await here.resources.dump({ kind: 'Secret' }));
  assert.ok(moved.results.length > 0);
  for (const { problems } of moved.results)
    assert.match(problems[0]!.detail.en, /placeholder for a value that default\/Secret\/.* does not have/);
});

test('every field of every kind is named and described in both languages', () => {
  const missing: string[] = [];
  const walk = (schema: JsonSchema, at: string): void => {
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (!field.anyOf && (!field.description || !field['x-zh'])) missing.push(`${at}/${name}`);
      // A constant is chosen by its variant and is no field of a form.
      if (field.const === undefined && !field['x-zh-title']) missing.push(`${at}/${name}: name`);
      walk(field, `${at}/${name}`);
    }
    for (const option of schema.anyOf ?? []) walk(option, at);
    if (schema.items) walk(schema.items, `${at}/*`);
  };
  for (const view of kindViews(bindKinds(testKinds, testRegistry))) walk(view.schema, view.kind);
  assert.deepEqual(missing, []);
});
