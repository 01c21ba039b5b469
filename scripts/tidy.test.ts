/**
 * Aim: the house stays in order. Method: read the whole tree and compare it with STYLE.md: directions of
 * imports, globals, words, sizes, dead files, texts in both languages, docs against code. Each rule is
 * first shown to bite on a made-up offender.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { referenceFaults, textFaults } from './tidy/docs.ts';
import { getterFaults } from './tidy/getters.ts';
import { deadFiles, importFaults } from './tidy/imports.ts';
import { interpolationFaults } from './tidy/interpolated.ts';
import { sizeFaults } from './tidy/sizes.ts';
import { blank, readSources, type SourceFile } from './tidy/source.ts';
import { globalFaults, wordFaults } from './tidy/words.ts';

const root = path.resolve(import.meta.dirname, '..');
const files = readSources(root, ['src', 'scripts', 'test', 'bench', 'generated', 'console/src']);

const made = (file: string, text: string, imports: string[] = []): SourceFile => ({
  file,
  text,
  lines: text.split('\n'),
  code: blank(text),
  imports,
  isTest: false,
});
/** Where `look` finds something in a project of one file, `src/x.ts`. */
const placesIn = (text: string, look: (root: string, folders: readonly string[]) => string[]): string[] => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-tidy-'));
  try {
    mkdirSync(path.join(folder, 'src'));
    writeFileSync(path.join(folder, 'src', 'x.ts'), text);
    writeFileSync(path.join(folder, 'tsconfig.json'), '{ "compilerOptions": { "strict": true, "types": [] }, "include": ["src"] }');
    return look(folder, ['src']).map((fault) => fault.split(': ')[0]!);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
const none = (faults: readonly string[]) => assert.equal(faults.length, 0, `\n${faults.join('\n')}`);

test('imports go one way', () => {
  assert.equal(importFaults([made('src/gateway/x.ts', '', ['src/store/y.ts'])]).length, 1);
  assert.equal(importFaults([made('src/pipeline/x.ts', '', ['src/gateway/y.ts'])]).length, 1);
  assert.equal(importFaults([made('src/extensions/policies/a.ts', '', ['src/extensions/policies/b.ts'])]).length, 1);
  assert.equal(importFaults([made('console/src/x.ts', '', ['src/base/text.ts'])]).length, 1);
  assert.equal(importFaults([made('console/src/x.ts', '', ['generated/client.ts'])]).length, 0);
  assert.equal(importFaults([made('src/extensions/connectors/a/index.ts', '', ['src/extensions/connectors/a/b.ts'])]).length, 0);
  none(importFaults(files));
});

test('time, chance and environment are passed in', () => {
  assert.equal(globalFaults([made('src/store/x.ts', 'const t = Date.now();\n// Date.now()\nconst s = "Date.now()";')]).length, 1);
  none(globalFaults(files));
});

test('words have one meaning', () => {
  assert.equal(wordFaults([made('src/store/x.ts', 'export function openService() {}')]).length, 1);
  none(wordFaults(files));
});

test('files and lines stay small', () => none(sizeFaults(root, files)));

test('every file is used', () => {
  const entries = [
    'src/main.ts',
    'src/store/calls/call-reader-thread.ts', // Entries of threads.
    'src/store/calls/call-writer-thread.ts',
    'src/control/documents/reading-thread.ts',
    ...files
      .filter(
        (f) =>
          /^(generated|scripts|bench)\/|^src\/wire\/\w+-thread\.ts$|^console\/src\/(main\.tsx|pages\/[\w-]+\/page\.ts)$/.test(f.file) ||
          f.isTest,
      )
      .map((f) => f.file),
  ];
  none(deadFiles(files, entries));
});

test('people find every text in English and Chinese', () => none(textFaults()));

test('problems and metrics stand in the docs, and nothing else does', () => none(referenceFaults(root)));

test('the form is Biome’s', () => {
  const done = spawnSync(process.execPath, [path.join(root, 'scripts', 'format.ts'), '--check'], { cwd: root, encoding: 'utf8' });
  assert.equal(done.status, 0, `run "npm run format":\n${done.stdout}${done.stderr}`);
});

test('no object becomes words by accident', () => {
  const text = "const told = { en: 'a', zh: '甲' };\nexport const a = `${told} ${told.en} ${1}`;\nexport const b = 'x' + told;\n";
  assert.deepEqual(placesIn(text, interpolationFaults), ['src/x.ts:2', 'src/x.ts:3']);
  none(interpolationFaults(root, ['src']));
});

test('no object that a request meets is a dictionary', () => {
  const text =
    'export const a = {\n  get b() {\n    return 1;\n  },\n};\nexport class C {\n  get d() {\n    return { e: 1, f: () => 2 };\n  }\n}\n';
  assert.deepEqual(placesIn(text, getterFaults), ['src/x.ts:1']);
  none(getterFaults(root, ['src/gateway', 'src/dataapi', 'src/base', 'src/extensions/auth', 'src/extensions/policies']));
});

test('oxlint and tsc find nothing', () => {
  for (const [command, ...args] of [
    ['oxlint', '--deny-warnings'],
    ['tsc', '--noEmit'],
    ['tsc', '--noEmit', '-p', 'console/tsconfig.json'],
  ] as const) {
    const done = spawnSync(path.join(root, 'node_modules', '.bin', command), args, { cwd: root, encoding: 'utf8' });
    assert.equal(done.status, 0, `${command}:\n${done.stdout}${done.stderr}`);
  }
});
