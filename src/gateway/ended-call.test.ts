// Aim: a call's record says when it began and how long it took, however it ended. Method: the engine over the real core, a clock
// moved by hand, a data API that never answers.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { consumerEntries, coreHarness, entry, routeEntry } from '../../test/gateway/core-harness.ts';
import type { DataApiRunner } from '../sdk/dataapi.ts';
import { eventually, startGateway, Talk } from './http/fixture.ts';

const KEY = 'k-0123456789abcdefghijklmnopqrst';
const dataApi = entry('dataapi', 'd', { name: 'd', release: 'r', connection: 'c' } as never);
const run: DataApiRunner['run'] = ({ signal }) => new Promise((_, no) => signal?.addEventListener('abort', () => no(signal.reason)));

// A reading of the clock meant for what follows at once was taken for the end: no duration, and a beginning half a minute late.
for (const auth of [[], [{ type: 'api-key', config: {} }]]) {
  test(`a caller that leaves while ${auth.length} auth methods and a data API were asked took its time`, async (t) => {
    const target = { kind: 'dataapi', name: 'd' } as const;
    const entries = [routeEntry('d', { target, auth }), dataApi, ...consumerEntries('shop', hash('sha256', KEY))];
    const { core, clock, records } = coreHarness(entries, { dataApis: { run } });
    const gateway = await startGateway({ clock, decide: (exchange) => core.onRequest(exchange) });
    t.after(() => gateway.stop());
    const begunAt = clock.now();
    const talk = new Talk(gateway.port);
    talk.send(`GET /d HTTP/1.1\r\nHost: a\r\nx-api-key: ${KEY}\r\n\r\n`);
    await eventually(() => gateway.exchanges.length === 1, 'the request never came');
    clock.advance(30_000);
    talk.socket.resetAndDestroy();
    await eventually(() => gateway.outcomes.length === 1, 'the call never ended');
    core.onDone(gateway.exchanges[0]!, gateway.outcomes[0]!.outcome);
    const [record] = records();
    assert.equal(record?.durationMs, 30_000);
    assert.equal(record.time, begunAt);
  });
}
