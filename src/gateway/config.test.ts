// Aim: the gateway's process config has sane defaults, help in both languages, and reaches the engine whole. Method: read it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonSchema } from '../base/schema.ts';
import { readValue } from '../base/schema-read.ts';
import { fieldsOf } from '../sdk/suites/component.suite.ts';
import { engineLimits, gatewayConfig } from './config.ts';

test('nothing needs to be written', () => {
  const { value, errors } = readValue(gatewayConfig, {});
  assert.deepEqual(errors, []);
  assert.deepEqual([value.port, value.host, value.threads, value.drain], [8080, '0.0.0.0', undefined, 10_000]);
  const limits = engineLimits(value);
  assert.equal(limits.headBytesMax, 16_384);
  for (const [name, limit] of Object.entries(limits)) assert.ok(Number.isInteger(limit) && limit > 0, name);
});

test('each limit of the file reaches its own limit of the engine', () => {
  const limits = {
    head: '2KiB',
    headers: 11,
    headTimeout: '1s',
    bodyIdle: '2s',
    bodyRate: '100B',
    keepAlive: '3s',
    writeIdle: '4s',
    connections: 12,
    requestsPerConnection: 13,
    pipeline: '3KiB',
    target: '1KiB',
    request: '5s',
    body: '4KiB',
    connectionsPerAddress: 14,
    handshake: '6s',
    handshakes: 15,
    streams: 16,
    streamResets: 170,
    streamWindow: '128KiB',
    sessionMemory: '2MiB',
  };
  const { value, errors } = readValue(gatewayConfig, { limits });
  assert.deepEqual(errors, []);
  assert.deepEqual(engineLimits(value), {
    headBytesMax: 2048,
    headersMax: 11,
    headMs: 1000,
    bodyIdleMs: 2000,
    bodyRateMin: 100,
    keepAliveMs: 3000,
    writeIdleMs: 4000,
    connectionsMax: 12,
    requestsPerConnectionMax: 13,
    pipelineBytesMax: 3072,
    targetBytesMax: 1024,
    requestMs: 5000,
    bodyBytesMax: 4096,
    connectionsPerAddressMax: 14,
    handshakeMs: 6000,
    handshakesMax: 15,
    streamsMax: 16,
    streamResetsMax: 170,
    streamWindowBytes: 131_072,
    sessionBytesMax: 2_097_152,
  });
});

test('every field is described in both languages, and nonsense is refused', () => {
  for (const [pointer, field] of fieldsOf(gatewayConfig as unknown as JsonSchema)) {
    assert.ok(field.description && /\p{Script=Han}/u.test(String(field['x-zh'])), pointer);
  }
  assert.equal(readValue(gatewayConfig, { port: 70_000, limits: { head: '1B' } }).errors.length, 2);
});
