/** Aim: no connector without its conformance test. Method: every folder here is looked at. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ConnectorComponent } from '../../sdk/connector.ts';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

for (const folder of folders) {
  test(`${folder}: named as its folder, and its test runs the suite of all connectors`, async () => {
    const { default: component } = (await import(path.join(import.meta.dirname, folder, 'index.ts'))) as { default: ConnectorComponent };
    assert.equal(component.kind, 'connector');
    assert.equal(component.id, folder);
    const own = readFileSync(path.join(import.meta.dirname, folder, 'index.test.ts'), 'utf8');
    assert.match(own, /^ {0,2}connectorSuite\(\{/m);
    if (component.roles.includes('sink')) assert.match(own, /^\s+sink: \{/m, 'a sink is tried as one');
  });
}

test('there are connectors at all', () => assert.ok(folders.length >= 4));
