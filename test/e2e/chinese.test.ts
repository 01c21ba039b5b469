/**
 * Aim: whoever reads Chinese never meets an English sentence of ours: mistakes in documents, a failing check, a
 * failed run with its log, doctor, describe, wrong usage. Method: a whole Weir, its CLI with `--lang zh`; values,
 * names and words in quotes are set aside, then no three English words may stand in a row.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from '../servers/process.ts';
import { startWeir, until, type Weir } from './weir.ts';

let weir: Weir;
before(async () => {
  weir = await startWeir();
});
after(() => weir.stop());

const chinese = (...args: string[]) => weir.cli(...args, '--lang', 'zh');

/** Lines that hold three English words in a row outside of quotes: a sentence nobody translated. */
function untranslated(text: string): string[] {
  return text.split('\n').filter((line) => /\b[A-Za-z][a-z]+(?: [a-z]{2,}){2,}/.test(line.replace(/“[^”]*”|"[^"]*"|`[^`]*`/g, '“”')));
}

function assertChinese(text: string): void {
  assert.match(text, /\p{Script=Han}/u);
  assert.deepEqual(untranslated(text), []);
}

const document = (kind: string, name: string, spec: string) =>
  `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

async function apply(...documents: string[]) {
  const file = path.join(weir.folder, 'documents.yaml');
  writeFileSync(file, documents.join('---\n'));
  return chinese('apply', file);
}

test('the check of this test finds an English sentence, and leaves values alone', () => {
  assert.deepEqual(untranslated('is not known here; did you mean it'), ['is not known here; did you mean it']);
  assert.deepEqual(untranslated('不是资源类型；是否指“one of the names”？'), []);
});

test('five different mistakes in documents', async () => {
  const refused = await apply(
    document('Upstream', 'a', '{ tragets: [] }'),
    document('Route', 'b', '{ match: { paths: [orders] }, upstream: nowhere, timeouts: { firstByte: soon } }'),
    document('Route', 'c', '{ match: { paths: [/c] }, upstream: nowhere }'),
    document('Pipeline', 'd', '{ source: { connection: x, streams: [a] }, sink: { connection: x }, schedule: { cron: often } }'),
    document('DataApi', 'e', '{ connection: x, path: /e, sql: "SELECT #{gone} FROM t; SELECT 2" }'),
    'a: [',
  );
  assert.equal(refused.code, 1);
  const lines = refused.stderr.split('\n').filter((line) => line !== '');
  assert.ok(lines.length >= 6, refused.stderr);
  for (const line of lines) assertChinese(line);
});

test('the check of a connection that cannot be reached', async () => {
  const port = await freePort();
  const made = await apply(document('Connection', 'far', `{ type: postgres, host: 127.0.0.1, port: ${port}, database: d, user: u }`));
  assert.equal(made.code, 0, made.stderr);
  const checked = await chinese('connection', 'check', 'far');
  assert.equal(checked.code, 1, checked.stderr);
  assert.match(checked.stdout, /tcp .*没有程序在监听/);
  assertChinese(checked.stdout);
});

test('a failed run: its problem, its log, and the same in English for who asks so', async () => {
  const made = await apply(
    document('Connection', 'lost', '{ type: csv, file: lost.csv }'),
    document('Connection', 'house', '{ type: sqlite, file: house.db }'),
    document('Pipeline', 'fails', '{ source: { connection: lost, streams: ["*"] }, sink: { connection: house }, retry: { attempts: 1 } }'),
  );
  assert.equal(made.code, 0, made.stderr);
  let run: { id: string; problem: { detail: string } } | undefined;
  await until('the pipeline runs', async () => {
    const started = await chinese('run', 'start', 'fails', '--wait', '-o', 'json');
    run = started.stdout.startsWith('{') ? JSON.parse(started.stdout) : undefined;
    return run !== undefined;
  });
  assertChinese(run!.problem.detail);
  const log = await chinese('run', 'logs', run!.id);
  assert.match(log.stdout, /运行失败/);
  for (const line of log.stdout.trim().split('\n')) assertChinese(line);
  const english = await weir.cli('run', 'logs', run!.id, '--lang', 'en');
  assert.match(english.stdout, /run failed/);
  assert.doesNotMatch(english.stdout, /\p{Script=Han}/u);
});

test('doctor, describe, help and wrong usage', async () => {
  assertChinese((await chinese('doctor', '--online')).stdout);
  const described = await chinese('describe', 'Pipeline', 'fails');
  assert.match(described.stdout, /^项目 +default$/m);
  assertChinese(described.stdout);
  assertChinese((await chinese('get', '--help')).stdout);
  for (const args of [
    ['get', '--colour'],
    ['run', 'logs'],
    ['fetch'],
    ['get', '-o', 'xml'],
    ['run', 'list', '--limit', 'many'],
    ['get', 'Rout', 'x'],
  ]) {
    const refused = await chinese(...args);
    assert.ok(refused.code > 0, args.join(' '));
    assertChinese(refused.stderr);
  }
});
