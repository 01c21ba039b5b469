// Aim: every document in the gateway's guide is valid as it stands. Method: its YAML blocks through the whole check, offline.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { testKinds, testRegistry } from '../../../test/control/world.ts';
import { createDataApiCompiler } from '../../dataapi/compiler.ts';
import { validateDocuments } from '../configuration.ts';
import { allowedEnvironment } from '../documents/variables.ts';

const guide = readFileSync(path.join(import.meta.dirname, '../../../docs/guides/gateway.md'), 'utf8');
const upstreams = [...guide.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text!).filter((text) => text.includes('kind: Upstream'));

test('documents of the guide are valid', async () => {
  assert.ok(upstreams.length >= 6);
  const parts = { registry: testRegistry, kinds: testKinds, dataApis: createDataApiCompiler(), environment: allowedEnvironment({}) };
  const checks = await validateDocuments(
    upstreams.map((text) => ({ text })),
    parts,
    { complete: true },
  );
  assert.deepEqual(
    checks.flatMap(({ key, problems }) => problems.map((p) => `${key?.name} ${p.pointer} ${p.detail.en}`)),
    [],
  );
});
