// Aim: nobody but a trusted proxy tells upstreams who a client is, however the field is spelt; a verified certificate nobody
// but the gateway. Method: one request with every such field, by a stranger and by a trusted proxy, read at the upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DefaultListener } from '../contract.ts';
import { between, ok } from './fixture.ts';

const ALWAYS = ['Client-Cert', 'client-cert-chain', 'client_cert', 'X-Real-IP', 'X-Forwarded-Client-Cert'];
const CLAIMS = [
  'X-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'cf-connecting-ipv6',
  'Fastly-Client-IP',
  'X-Cluster-Client-IP',
  'X-Original-Forwarded-For',
  'X-Envoy-External-Address',
  'x-envoy-internal',
  'X-Amzn-Oidc-Identity',
  'x-amzn-mtls-clientcert',
];
const SPELT = ['true_client_ip', 'X_Envoy_External-Address'];
const OTHERS = ['x-client-id', 'x-envoyer', 'client-certs', 'x-amzn-trace-id', 'x-client-ipx'];

async function passed(listener: Partial<DefaultListener>, more = ''): Promise<Set<string>> {
  const names = [...ALWAYS, ...CLAIMS, ...SPELT, ...OTHERS];
  let seen = '';
  await between(
    (socket) => void socket.write(ok('x')),
    { listener },
    async (_gateway, upstream, talk) => {
      talk.send(`GET / HTTP/1.1\r\nhost: a\r\n${names.map((name) => `${name}: 192.0.2.66\r\n`).join('')}${more}\r\n`);
      await talk.until((text) => text.includes('\r\n\r\n'));
      seen = upstream.received[0]!;
    },
  );
  return new Set(names.filter((name) => seen.includes(`\r\n${name}: `)));
}

test('a stranger’s claims do not pass, what only resembles them does', async () => {
  assert.deepEqual(await passed({}), new Set(OTHERS));
  assert.deepEqual(await passed({ trustedProxies: ['192.0.2.0/24'] }), new Set(OTHERS), 'another proxy is trusted');
});

test('a trusted proxy’s pass as plainly written, but never a certificate, nor where Connection names fields', async () => {
  assert.deepEqual(await passed({ trustedProxies: ['127.0.0.1'] }), new Set([...CLAIMS, ...OTHERS]));
  assert.deepEqual(await passed({ trustedProxies: ['127.0.0.1'] }, 'Connection: true-client-ip\r\n'), new Set(OTHERS));
  const asks = 'TE: trailers\r\nConnection: te, keep-alive\r\n';
  assert.deepEqual(await passed({ trustedProxies: ['127.0.0.1'] }, asks), new Set([...CLAIMS, ...OTHERS]), 'te names no such field');
});
