/**
 * Aim: an Upstream written before its newer fields existed compiles to the entry it always had; mistakes a schema cannot see
 * are found where they are; every field arrives in the gateway's terms. Method: the schema and the two functions, by table.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAuthority } from '../../../test/certificates.ts';
import { openWorld, testRegistry } from '../../../test/control/world.ts';
import { readValue } from '../../base/schema-read.ts';
import type { CompiledUpstream } from '../../sdk/upstream.ts';
import upstream from './kinds/upstream.ts';
import { specParts } from './parts.ts';
import { checkUpstream, compileUpstream, type UpstreamSpec } from './upstream-compile.ts';

const schema = upstream.spec(specParts(testRegistry));
const key = { project: 'p', kind: 'Upstream', name: 'u' };

function read(written: Readonly<Record<string, unknown>>) {
  const { value, errors } = readValue(schema, written);
  assert.deepEqual(errors, []);
  return value as unknown as UpstreamSpec;
}
const compile = (written: Readonly<Record<string, unknown>>) => compileUpstream(key, read(written), written);
const faults = (written: Readonly<Record<string, unknown>>) => checkUpstream(read(written), written).map(({ pointer }) => pointer);

test('what was written before keeps its entry, member by member', () => {
  const written = {
    targets: [{ url: 'http://10.0.0.5:9000' }, { host: 'orders.internal', port: 9000, weight: 2 }, { url: 'http://[::1]' }],
  };
  assert.equal(
    JSON.stringify(compile({ ...written, connectionsMax: 64 })),
    JSON.stringify({
      project: 'p',
      name: 'u',
      targets: [
        { host: '10.0.0.5', port: 9000, weight: 1 },
        { host: 'orders.internal', port: 9000, weight: 2 },
        { host: '::1', port: 80, weight: 1 },
      ],
      connectionsMax: 64,
      idleMs: 30_000,
    }),
  );
});

test('https by URL or by protocol; its own port; nothing else has TLS', () => {
  const { targets, tls } = compile({ targets: [{ url: 'https://a.test' }] });
  assert.deepEqual(targets, [{ host: 'a.test', port: 443, weight: 1 }]);
  assert.deepEqual([tls!.verify, tls!.minVersion], [true, 'TLSv1.2']);
  assert.ok(compile({ protocol: 'https', targets: [{ host: 'a', port: 8443 }] }).tls);
  assert.equal(compile({ targets: [{ host: 'a' }] }).tls, undefined);
});

test('HTTP/2 by protocol: over TLS or without, with rules of its own, and checked over it', () => {
  const secure = compile({ protocol: 'h2', targets: [{ url: 'https://a.test' }], health: {} });
  assert.ok(secure.tls && secure.http2 && secure.health!.http2);
  assert.deepEqual(secure.http2, { connectionsMax: 2, streamsMax: 100, windowBytes: 1_048_576, pingMs: 30_000 });
  const plain = compile({ protocol: 'h2c', targets: [{ url: 'http://a.test' }], http2: { streams: 7, window: '64KiB', ping: '5s' } });
  assert.equal(plain.tls, undefined);
  assert.deepEqual(plain.http2, { connectionsMax: 2, streamsMax: 7, windowBytes: 65_536, pingMs: 5000 });
  assert.equal(compile({ targets: [{ url: 'https://a.test' }] }).http2, undefined);
});

test('mistakes are found where they are', () => {
  const target = [{ host: 'a' }];
  const table: [Readonly<Record<string, unknown>>, readonly string[]][] = [
    [{}, ['/spec/targets']],
    [{ discovery: { type: 'dns', name: 'a.test' } }, []],
    [{ targets: [{ url: 'http://a' }, { url: 'https://b' }] }, ['/spec/targets/1/url']],
    [{ protocol: 'http', targets: [{ url: 'https://b' }] }, ['/spec/targets/0/url']],
    [{ protocol: 'h2c', targets: [{ url: 'https://b' }] }, ['/spec/targets/0/url']],
    [{ protocol: 'h2c', targets: target, tls: {} }, ['/spec/tls']],
    [{ targets: target, http2: {} }, ['/spec/http2']],
    [{ targets: [{ url: 'http://u:p@b' }] }, ['/spec/targets/0/url']],
    [{ targets: [{ url: 'http://b/path' }] }, ['/spec/targets/0/url']],
    [{ targets: [{ url: 'ftp://b' }] }, ['/spec/targets/0/url']],
    [{ targets: target, tls: {} }, ['/spec/tls']],
    [{ protocol: 'https', targets: target, tls: { key: 'x' } }, ['/spec/tls/key']],
    [
      {
        protocol: 'https',
        targets: target,
        tls: { ca: 'no pem', certificate: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----' },
      },
      ['/spec/tls/certificate', '/spec/tls/ca', '/spec/tls/certificate'],
    ],
    [{ targets: target, health: { statuses: ['200', '399-200'] } }, ['/spec/health/statuses/1']],
  ];
  for (const [written, pointers] of table) assert.deepEqual(faults(written), pointers, JSON.stringify(written));
});

test('every field arrives, times in milliseconds', () => {
  const all = compile({
    targets: [],
    discovery: { type: 'dns', name: 'a.test', ttlMin: '2s' },
    balance: { type: 'hash', key: 'client.address' },
    health: { path: '/h', statuses: ['204', '300-399'], interval: '5s' },
    outliers: { errors: 2 },
    slowStart: '20s',
    retries: { attempts: 3, perTry: '1s' },
    pendingMax: 5,
    requestsPerConnection: 100,
    requestTrailers: 'pass',
  });
  assert.deepEqual(all.discovery, { type: 'dns', config: { name: 'a.test', ttlMin: '2s' } });
  assert.deepEqual(all.balance, { type: 'hash', key: 'client.address', boundedLoad: 1.25 });
  assert.deepEqual(all.health!.statuses, [
    [204, 204],
    [300, 399],
  ]);
  assert.deepEqual([all.health!.everyMs, all.outliers!.ejectMs, all.slowStartMs, all.panicPercent], [5000, 30_000, 20_000, 50]);
  assert.deepEqual(
    [all.retries!.attempts, all.retries!.perTryMs, all.retries!.bodyBytesMax, all.retries!.budget],
    [3, 1000, 65_536, { percent: 20, least: 10, windowMs: 10_000 }],
  );
  assert.deepEqual([all.pendingMax, all.requestsPerConnectionMax, all.requestTrailers], [5, 100, true]);
  const dropped = compile({ targets: [{ host: 'a' }], requestTrailers: 'drop' });
  assert.ok(!('requestTrailers' in dropped), 'what is off is not in the entry');
});

test('a key that does not fit our certificate is refused; in a Secret it fails the upstream, which serves on as it was', async (t) => {
  const authority = makeAuthority();
  t.after(() => authority.end());
  const [own, other] = [authority.leaf(['gateway.test']), authority.leaf(['other.test'])];
  const targets = [{ host: 'a' }];
  const tls = { certificate: own.chain, key: own.key };
  assert.deepEqual(faults({ protocol: 'https', targets, tls }), []);
  assert.deepEqual(faults({ protocol: 'https', targets, tls: { ...tls, key: other.key } }), ['/spec/tls/key']);
  assert.deepEqual(faults({ protocol: 'https', targets, tls: { ...tls, key: '${secret:own}' } }), [], 'looked at when it is put in place');
  const w = await openWorld();
  t.after(() => w.end());
  const document = (kind: string, name: string, spec: unknown) =>
    `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${JSON.stringify(spec)}\n`;
  const secret = (value: string) => document('Secret', 'own', { value });
  const up = document('Upstream', 'up', { protocol: 'https', targets, tls: { ...tls, key: '${secret:own}' } });
  await w.apply(`${secret(own.key)}---\n${up}`);
  const keyServed = () => (w.publisher.entry('upstream/default/up')!.value as CompiledUpstream).tls!.key;
  const status = async () => (await w.resources.list({ kind: 'Upstream' })).items[0]!.status;
  assert.deepEqual([(await status()).state, keyServed()], ['ready', own.key]);
  await w.apply(secret(other.key));
  assert.equal((await status()).reason!.en, 'its key (tls.key) does not belong to the first certificate of the chain');
  assert.equal(keyServed(), own.key);
});
