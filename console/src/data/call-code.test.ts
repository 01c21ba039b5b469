/**
 * Aim: pasted code makes exactly the call it was made from. Method: each language's own program runs the text against
 * a local server that writes down what arrived; values hold quotes, dollars, backslashes, line ends and Chinese.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { CODE_LANGUAGES, type CodeCall, callCode, type CodeLanguage, pathWith } from './call-code.ts';

interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), 'weir-call-code-'));
let arrived: Arrived | undefined;
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (part: string) => (body += part));
  request.on('end', () => {
    arrived = { method: request.method!, url: request.url!, headers: request.headers, body };
    response.writeHead(request.url!.startsWith('/missing') ? 404 : 200).end('got it: 好');
  });
});
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const COMMANDS: Readonly<Record<CodeLanguage, readonly [file: string, command: string, ...args: string[]]>> = {
  curl: ['call.sh', 'bash'],
  javascript: ['call.mjs', process.execPath],
  python: ['call.py', 'python3'],
  java: ['Call.java', 'java'],
};

async function ran(language: CodeLanguage, call: CodeCall): Promise<{ arrived: Arrived; output: string }> {
  const [file, command] = COMMANDS[language];
  writeFileSync(path.join(folder, file), callCode(language, call));
  arrived = undefined;
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', HOME: folder, PYTHONIOENCODING: 'utf-8', NO_PROXY: '*', X: 'expanded' };
  const { stdout } = await run(command, [file], { cwd: folder, env, timeout: 50_000 });
  assert.ok(arrived, `${language} called nothing`);
  return { arrived, output: stdout };
}

async function isMissing(language: CodeLanguage): Promise<boolean> {
  const [, command] = COMMANDS[language];
  const version = language === 'java' ? '-version' : '--version';
  return run(command, [version]).then(
    () => false,
    () => true,
  );
}

const NASTY = `it's "quoted" \\ $X \`id\` %41 !! {a} #{b} \\u0041 é 钢笔 😀`;
const url = (at: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${at}`;

for (const language of CODE_LANGUAGES) {
  test(`${language}: a nasty call arrives as it was meant`, async (t) => {
    if (await isMissing(language)) return t.skip(`${COMMANDS[language][1]} is not installed`);
    const at = pathWith('/items/{name}/[x]', { name: NASTY }, [
      ['q', NASTY],
      ['a b', '&=?#+'],
    ]);
    const key = `key with 'single' "double" $X \\ end`;
    const body = `@first\n{"名": "${NASTY}"}\r\n\ttab`;
    const call = { method: 'POST', url: url(at), headers: [{ name: 'x-api-key', value: key }, EMPTY], body };
    const { arrived: got } = await ran(language, call);
    const asked = new URL(got.url, 'http://x');
    assert.deepEqual([got.method, decodeURIComponent(asked.pathname)], ['POST', `/items/${NASTY}/[x]`]);
    assert.deepEqual(
      [...asked.searchParams],
      [
        ['q', NASTY],
        ['a b', '&=?#+'],
      ],
    );
    assert.deepEqual([got.headers['x-api-key'], got.headers['x-empty'], got.headers['content-type']], [key, '', 'application/json']);
    assert.equal(got.body, body);
  });

  test(`${language}: a plain GET shows the answer, also a refusal`, async (t) => {
    if (await isMissing(language)) return t.skip(`${COMMANDS[language][1]} is not installed`);
    const { arrived: got, output } = await ran(language, { method: 'GET', url: url('/missing'), headers: [], body: '' });
    assert.deepEqual([got.method, got.body, got.headers['content-type']], ['GET', '', undefined]);
    assert.match(output, /got it/);
    if (language !== 'curl') assert.match(output, /404/);
  });
}

const EMPTY = { name: 'x-empty', value: '' };
