/** Aim: only known names and the console's own pages get through. Method: tables of header values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedHosts, checkOrigin, isForwarded, isLoopback } from './origin.ts';

const hosts = allowedHosts('127.0.0.1', ['weir.example.test', 'fd00::5']);

test('host names: loopback and configured ones, with any port', () => {
  for (const good of [
    'localhost',
    'localhost:8081',
    'LOCALHOST:1',
    '127.0.0.1:8081',
    '[::1]:8081',
    'weir.example.test',
    'weir.example.test.:443',
    '[fd00::5]:1',
  ]) {
    assert.ok(hosts.allows(good), good);
  }
  for (const bad of [
    undefined,
    '',
    'evil.test',
    'localhost.evil.test',
    '127.0.0.1.evil.test',
    'localhost:8081:9',
    'localhost/',
    'a@localhost',
    '10.0.0.1',
    'x'.repeat(400),
  ]) {
    assert.ok(!hosts.allows(bad), String(bad));
  }
});

test('listening on all addresses allows no further name', () => {
  assert.ok(!allowedHosts('0.0.0.0', []).allows('0.0.0.0:8081'));
  assert.ok(allowedHosts('10.1.2.3', []).allows('10.1.2.3:8081'));
});

test('origin must be the very host asked for', () => {
  const ask = (method: string, origin?: string, fetchSite?: string, host = 'localhost:8081') =>
    checkOrigin(hosts, { method, host, origin, fetchSite })?.code ?? 'ok';
  assert.equal(ask('POST', 'http://localhost:8081'), 'ok');
  assert.equal(ask('POST', 'https://weir.example.test', undefined, 'weir.example.test'), 'ok');
  assert.equal(ask('POST', 'http://localhost:3000'), 'core/api/wrong-origin');
  assert.equal(ask('GET', 'http://evil.test'), 'core/api/wrong-origin');
  assert.equal(ask('POST', 'null'), 'core/api/wrong-origin');
  assert.equal(ask('POST', 'http://127.0.0.1:8081'), 'core/api/wrong-origin');
  assert.equal(ask('POST', undefined, 'cross-site'), 'core/api/wrong-origin');
  assert.equal(ask('DELETE', undefined, 'same-site'), 'core/api/wrong-origin');
  assert.equal(ask('POST', undefined, 'same-origin'), 'ok');
  assert.equal(ask('POST'), 'ok', 'curl and the CLI send neither');
  assert.equal(ask('GET', undefined, 'cross-site'), 'ok', 'a link may be followed');
  assert.equal(ask('GET', undefined, undefined, 'evil.test'), 'core/api/wrong-host');
});

test('forwarding headers of the usual proxies are noticed', () => {
  for (const name of ['forwarded', 'x-forwarded-for', 'X-Forwarded-Proto', 'via', 'x-real-ip', 'cf-connecting-ip']) {
    assert.ok(isForwarded({ [name]: '1' }), name);
  }
  assert.ok(!isForwarded({ host: 'x', accept: '*/*', 'user-agent': 'curl' }));
});

test('loopback addresses', () => {
  for (const good of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) assert.ok(isLoopback(good), good);
  for (const bad of ['10.0.0.1', '::2', undefined, '127.0.0.1.evil', '::ffff:10.0.0.1']) assert.ok(!isLoopback(bad), String(bad));
});
