/**
 * Aim: control serves the console's files and nothing else of the disk, with a policy that lets in no foreign script;
 * a person's address leads to the page, a program's to a problem. Method: a made-up build on Fastify's own injector.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { consoleRoutes, isPageVisit, openConsole } from './console-files.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-console-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const built = path.join(folder, 'dist');
mkdirSync(path.join(built, 'assets'), { recursive: true });
writeFileSync(path.join(built, 'index.html'), '<!doctype html><title>page</title>');
writeFileSync(path.join(built, 'icon.svg'), '<svg/>');
writeFileSync(path.join(built, 'manifest.json'), '{}');
writeFileSync(path.join(built, 'assets', 'main-abc.js'), `${'x'.repeat(5000)}`);
writeFileSync(path.join(folder, 'outside.txt'), 'not ours to give');

const files = openConsole(built)!;
const app = Fastify();
consoleRoutes(app, files);
app.setNotFoundHandler(async (request, reply) => {
  if (isPageVisit(request) && (await files.send('/', request, reply))) return reply;
  return reply.code(404).send('none');
});
const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers: { accept: 'text/html', ...headers } });

test('the page is never cached without asking, hashed files are for ever', async () => {
  const page = await get('/');
  assert.equal(page.statusCode, 200);
  assert.equal(page.headers['cache-control'], 'no-cache');
  assert.match(String(page.headers['content-security-policy']), /script-src 'self';/);
  assert.doesNotMatch(String(page.headers['content-security-policy']), /script-src[^;]*unsafe|https?:/);
  const again = await get('/', { 'if-none-match': String(page.headers['etag']) });
  assert.equal(again.statusCode, 304);
  assert.match(String((await get('/assets/main-abc.js')).headers['cache-control']), /immutable/);
});

test('compressed for those who take it', async () => {
  const zipped = await get('/assets/main-abc.js', { 'accept-encoding': 'gzip' });
  assert.equal(zipped.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(zipped.rawPayload).length, 5000);
  assert.equal((await get('/assets/main-abc.js')).body.length, 5000);
});

test('no address reaches another file', async () => {
  for (const url of [
    '/assets/../../outside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/assets/%2e%2e/%2e%2e/outside.txt',
    '/assets/manifest.json',
  ]) {
    const answer = await get(url, { accept: '*/*' });
    assert.equal(answer.statusCode, 404, url);
    assert.doesNotMatch(answer.body, /not ours/);
  }
});

test('a person’s address leads to the page, a program’s does not', async () => {
  assert.match((await get('/runs/01a1?tab=logs')).body, /<title>page/);
  assert.equal((await get('/runs/01a1', { accept: 'application/json' })).statusCode, 404);
  assert.equal((await get('/api/v1/none')).statusCode, 404);
  assert.equal((await app.inject({ method: 'POST', url: '/runs', headers: { accept: 'text/html' } })).statusCode, 404);
});

test('no build, no console', () => {
  assert.equal(openConsole(undefined), undefined);
  assert.equal(openConsole(path.join(folder, 'nowhere')), undefined);
});

test('the head of a page is what its GET answers, without a body', async () => {
  for (const url of ['/', '/assets/main-abc.js', '/runs/01a1']) {
    const whole = await get(url);
    const head = await app.inject({ method: 'HEAD', url, headers: { accept: 'text/html' } });
    assert.deepEqual([head.statusCode, head.body], [200, ''], url);
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control'])
      assert.equal(head.headers[name], whole.headers[name], `${url} ${name}`);
  }
  assert.equal((await app.inject({ method: 'HEAD', url: '/api/v1/none', headers: { accept: 'text/html' } })).statusCode, 404);
});
