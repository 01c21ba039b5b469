/**
 * Conformance of a policy: what every one must do, whatever it is for. A test walks the registry with it,
 * and a policy's own test may call it. Real `create`, real counters, an exchange in memory.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { Problem } from '../../base/problem.ts';
import { seededRandom } from '../../base/random.ts';
import { readValue } from '../../base/schema-read.ts';
import type { ConfigOf } from '../component.ts';
import { compileExpression } from '../expression.ts';
import { type Policy, type PolicyComponent, type PolicyTools, policyLabel } from '../policy.ts';
import { createCounterBuffer, openCounters } from '../shared-counters.ts';
import { componentSuite } from './component.suite.ts';
import { memoryExchange, type MemoryExchange } from './exchange.ts';

/** Calls tried with each example: more than most limits, so that refusals are seen too. */
const CALLS = 150;
const CONNECTION_FIELDS = ['connection', 'transfer-encoding', 'content-length', 'host', 'upgrade', 'te', 'trailer'];

export interface PolicyHarness {
  readonly policy: Policy;
  readonly clock: ReturnType<typeof manualClock>;
  /** Every line logged, as one JSON text each. */
  readonly logged: readonly string[];
}

/** Creates a policy as the gateway does, with a clock that the caller moves. */
export function policyHarness(component: PolicyComponent, config: Readonly<Record<string, unknown>>, identity = 'suite'): PolicyHarness {
  const clock = manualClock();
  const logged: string[] = [];
  const read = readValue(component.config, config);
  assert.deepEqual(read.errors, []);
  const tools: PolicyTools = {
    problems: component.catalogue.raise,
    clock,
    log: recordingLog(logged),
    counters: openCounters(createCounterBuffer(1024, seededRandom(1)), () => clock.monotonic()),
    identity,
    label: policyLabel(identity),
    expression(text) {
      const compiled = compileExpression(text);
      assert.ok(compiled.ok, `expression ${text}`);
      return compiled.read;
    },
  };
  return { policy: component.create(read.value as ConfigOf<typeof component.config>, tools), clock, logged };
}

/** Declares the tests of one policy. */
export function policySuite(component: PolicyComponent): void {
  componentSuite(component);
  const { id } = component;
  const codes = new Set(Object.keys(component.problems).map((name) => `policy/${id}/${name}`));

  for (const example of component.examples) {
    const title = `${id}: ${example.title.en}`;
    test(`${title}: has the functions its phases name, and no other`, () => {
      const { policy } = policyHarness(component, example.config);
      for (const phase of ['request', 'response', 'log'] as const) {
        assert.equal(typeof policy[phase] === 'function', component.phases.includes(phase), phase);
      }
    });
    test(`${title}: answers with declared problems only and leaves message framing alone`, async () => {
      const { policy, clock, logged } = policyHarness(component, example.config);
      for (let i = 0; i < CALLS; i++) {
        const exchange = callExchange();
        const verdict = await runCall(policy, exchange);
        if (verdict instanceof Problem) assert.ok(codes.has(verdict.code), `undeclared problem ${verdict.code}`);
        else if (verdict !== undefined) assert.ok(verdict.status >= 100 && verdict.status <= 599);
        for (const field of CONNECTION_FIELDS) assert.equal(exchange.response.get(field), undefined, `sets ${field}`);
        assert.equal(exchange.request.get('content-length'), '0');
        clock.advance(i % 10);
      }
      assert.ok(
        logged.every((line) => !line.includes('canary-credential')),
        'a credential is in the log',
      );
      policy.close?.();
    });
    test(`${title}: an aborted exchange ends within a bounded wait`, async () => {
      const { policy } = policyHarness(component, example.config);
      const exchange = callExchange();
      exchange.abort();
      await Promise.race([runCall(policy, exchange).catch(() => undefined), bounded()]);
      policy.close?.();
      policy.close?.();
    });
  }
}

/** One call through all phases. */
async function runCall(policy: Policy, exchange: MemoryExchange) {
  const verdict = await policy.request?.(exchange);
  if (verdict === undefined) {
    exchange.status = 200;
    exchange.response.set('content-type', 'application/json');
    await policy.response?.(exchange);
  }
  policy.log?.(exchange);
  return verdict;
}

function callExchange(): MemoryExchange {
  return memoryExchange({
    headers: { authorization: 'canary-credential', 'x-old': '1', 'content-length': '0' },
    consumer: { name: 'shop', project: 'default', plan: 'gold', credentialId: 'c1' },
  });
}

function bounded(): Promise<never> {
  return new Promise((_, reject) =>
    AbortSignal.timeout(5000).addEventListener('abort', () => reject(new Error('still waiting after 5 s'))),
  );
}

function recordingLog(lines: string[]): Log {
  const write = (level: string) => (message: string, fields?: object) => void lines.push(JSON.stringify({ level, message, ...fields }));
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), with: () => log };
  return log;
}
