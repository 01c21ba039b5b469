/**
 * Aim: one extension is one file. Method: add a policy file to a copy of the tree, generate, and find it in
 * the registry, config validation, OpenAPI, editor schema, `weir explain`, docs, and a running gateway.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { cleanEnvironment, root, startWeir, until, type Weir } from './e2e/weir.ts';

const POLICY = `/** Stamps answers with a word. Response phase. */
import { definePolicy, help, strictObject, T } from '../../sdk/index.ts';

export default definePolicy({
  id: 'stamp',
  title: { en: 'Stamp', zh: '盖章' },
  summary: { en: 'Stamps answers with a word.', zh: '在响应上盖一个词。' },
  since: '0.1', status: 'experimental', version: 1,
  phases: ['response'], bodies: 'none',
  config: strictObject({ word: T.String({ minLength: 2, ...help('Word to stamp.', '要盖的词。') }) }),
  problems: { 'no-ink': { status: 503, title: { en: 'No ink', zh: '没有墨水' } } },
  examples: [{ title: { en: 'Seen', zh: '已阅' }, config: { word: 'seen' } }],
  create: ({ word }) => ({
    response(exchange) {
      exchange.response.set('x-stamp', word);
    },
  }),
});
`;
const DOCUMENTS = (port: number, word: string) => `apiVersion: weir/v1
kind: Upstream
metadata: { name: one }
spec: { targets: [{ url: "http://127.0.0.1:${port}" }] }
---
apiVersion: weir/v1
kind: Route
metadata: { name: one }
spec:
  match: { paths: ["/one"] }
  upstream: one
  policies: [{ type: stamp, word: ${word} }]
`;

const copy = mkdtempSync(path.join(tmpdir(), 'weir-extension-'));
const upstream = createServer((_request, response) => response.end('hello'));
let weir: Weir | undefined;

before(async () => {
  const names = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  execFileSync('tar', ['--null', '--ignore-failed-read', '-T', '-', '-cf', path.join(copy, 'tree.tar')], {
    cwd: root,
    input: names,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  execFileSync('tar', ['-xf', 'tree.tar'], { cwd: copy });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  writeFileSync(path.join(copy, 'src/extensions/policies/stamp.ts'), POLICY);
  execFileSync(process.execPath, ['scripts/generate.ts'], { cwd: copy, stdio: 'pipe' });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  await weir?.stop();
  upstream.close();
  rmSync(copy, { recursive: true, force: true });
});

const generated = (file: string) => readFileSync(path.join(copy, file), 'utf8');
const upstreamPort = () => (upstream.address() as { port: number }).port;

test('generate finds it: registry, OpenAPI, editor schema, docs, problems', () => {
  assert.match(generated('generated/policies.ts'), /policies\/stamp\.ts/);
  assert.match(generated('generated/openapi.json'), /"policy\.stamp"/);
  assert.match(generated('generated/weir.schema.json'), /Word to stamp\./);
  assert.match(generated('docs/reference/policy/stamp.md'), /盖章/);
  assert.match(generated('docs/reference/problems.md'), /policy\/stamp\/no-ink/);
});

test('validation, explain and a running gateway know it', async () => {
  weir = await startWeir({ checkout: copy, env: cleanEnvironment() as Record<string, string> });
  const started = weir;
  writeFileSync(path.join(started.folder, 'wrong.yaml'), DOCUMENTS(upstreamPort(), 'x'));
  const wrong = await started.cli('validate', '-f', 'wrong.yaml');
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stdout + wrong.stderr, /\/spec\/policies\/0\/word/);
  const explained = await started.cli('explain', 'policy', 'stamp');
  assert.match(explained.stdout, /Stamps answers with a word/);
  writeFileSync(path.join(started.folder, 'right.yaml'), DOCUMENTS(upstreamPort(), 'seen'));
  const applied = await started.cli('apply', '-f', 'right.yaml');
  assert.equal(applied.code, 0, applied.stdout + applied.stderr);
  await until('the gateway stamps', async () => (await fetch(`${started.gateway}/one`)).headers.get('x-stamp') === 'seen', 10);
});
