/**
 * Conformance of an auth method: absent, wrong, expired, disabled and right credentials each end as they must,
 * and the credential neither goes on nor shows anywhere. Methods that read a key from a header field
 * are driven by the field their OpenAPI security scheme names.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import { Problem } from '../../base/problem.ts';
import { readValue } from '../../base/schema-read.ts';
import type { AuthComponent, AuthMethod, StoredCredential } from '../auth.ts';
import type { ConfigOf } from '../component.ts';
import { componentSuite } from './component.suite.ts';
import { memoryExchange } from './exchange.ts';

const KEYS = {
  good: 'canary-good-0123456789abcdefghij',
  expired: 'canary-expired-0123456789abcdefg',
  disabled: 'canary-disabled-0123456789abcdef',
  unknown: 'canary-unknown-0123456789abcdefg',
};
const consumer = { name: 'shop', project: 'default', plan: undefined, credentialId: 'c1' };

/** Creates a method as the gateway does, knowing the credentials of `KEYS` but `unknown`. */
export function authHarness(
  component: AuthComponent,
  config: Readonly<Record<string, unknown>>,
  options: { keepCredential?: boolean } = {},
) {
  const clock = manualClock();
  const asked: string[] = [];
  const read = readValue(component.config, config);
  assert.deepEqual(read.errors, []);
  const stored = new Map<string, StoredCredential>([
    [hash('sha256', KEYS.good), { consumer, expiresAt: clock.now() + 1000, enabled: true }],
    [hash('sha256', KEYS.expired), { consumer, expiresAt: clock.now(), enabled: true }],
    [hash('sha256', KEYS.disabled), { consumer, expiresAt: undefined, enabled: false }],
  ]);
  const method: AuthMethod = component.create(read.value as ConfigOf<typeof component.config>, {
    problems: component.catalogue.raise,
    clock,
    project: 'default',
    keepCredential: options.keepCredential ?? false,
    credential(type, sha256) {
      asked.push(type);
      return stored.get(sha256);
    },
  });
  return { method, clock, asked, keys: KEYS };
}

/** Declares the tests of one auth method. */
export function authSuite(component: AuthComponent): void {
  componentSuite(component);
  const { id } = component;
  const codes = new Set(Object.keys(component.problems).map((name) => `auth/${id}/${name}`));

  for (const example of component.examples) {
    const title = `${id}: ${example.title.en}`;
    const scheme = component.securityScheme(readValue(component.config, example.config).value as ConfigOf<typeof component.config>);
    test(`${title}: challenges, and is absent when nothing was sent`, async () => {
      const { method } = authHarness(component, example.config);
      assert.match(method.challenge, /^[A-Za-z0-9-]+( |$)/, 'a challenge begins with its scheme');
      assert.equal(await method.authenticate(memoryExchange()), 'absent');
      assert.equal(typeof scheme['type'], 'string');
    });
    if (scheme['in'] !== 'header') continue;
    const field = String(scheme['name']);
    const call = async (key: string, keepCredential: boolean) => {
      const { method, asked } = authHarness(component, example.config, { keepCredential });
      const exchange = memoryExchange({ headers: { [field]: key } });
      return { answer: await method.authenticate(exchange), exchange, asked };
    };
    test(`${title}: recognises a known credential under its own type, and takes it out of the request`, async () => {
      const { answer, exchange, asked } = await call(KEYS.good, false);
      assert.deepEqual(answer, consumer);
      assert.deepEqual([...new Set(asked)], [id]);
      assert.equal(exchange.request.get(field), undefined);
      assert.equal((await call(KEYS.good, true)).exchange.request.get(field), KEYS.good);
    });
    for (const [which, key] of Object.entries({ ...KEYS, short: 'abc', long: 'x'.repeat(5000), empty: '' })) {
      if (which === 'good') continue;
      test(`${title}: refuses a credential that is ${which} with a declared problem that does not show it`, async () => {
        const { answer, exchange } = await call(key, false);
        assert.ok(answer instanceof Problem && codes.has(answer.code), `answered ${JSON.stringify(answer)}`);
        assert.ok([401, 403].includes(answer.status));
        for (const language of ['en', 'zh'] as const) if (key !== '') assert.ok(!JSON.stringify(answer.toBody(language)).includes(key));
        assert.equal(exchange.request.get(field), undefined, 'a refused credential must not go on either');
      });
    }
    test(`${title}: a credential stops being good when its time comes`, async () => {
      const { method, clock } = authHarness(component, example.config);
      const authenticate = () => method.authenticate(memoryExchange({ headers: { [field]: KEYS.good } }));
      assert.deepEqual(await authenticate(), consumer);
      clock.advance(1000);
      assert.ok((await authenticate()) instanceof Problem);
    });
  }
}
