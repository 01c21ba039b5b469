// Aim: the query thread always knows the newest connections and data APIs, also after it died, and ports reach it.
// Method: a real thread that answers with what it knows.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { AnyEntry, RevisionDelta } from '../sdk/revision.ts';
import { entry, routeEntry } from '../../test/gateway/core-harness.ts';
import { createQueryLink, type QueryLink } from './query-link.ts';

const links: QueryLink[] = [];
const ports: MessagePort[] = [];
afterEach(async () => {
  for (const port of ports.splice(0)) port.close();
  for (const link of links.splice(0)) await link.stop(2000);
});

function open(onRestart: () => void = () => {}): QueryLink {
  const link = createQueryLink({
    entry: new URL('../../test/gateway/query-entry.ts', import.meta.url),
    clock: systemClock,
    log: silentLog,
    onRestart,
  });
  links.push(link);
  return link;
}
const delta = (from: number, to: number, put: AnyEntry[], remove: string[] = []): RevisionDelta => ({ from, to, hash: '', put, remove });
const connection = (name: string) => entry('connection', name, { name, type: 'sqlite', config: {}, poolMax: 1 });
const api = (name: string) => entry('dataapi', name, { name } as never);
async function ask(link: QueryLink, port = link.newPort()): Promise<string[]> {
  ports.push(port);
  const answer = once(port, 'message', { signal: AbortSignal.timeout(10_000) });
  port.postMessage('known?');
  return ((await answer) as [string[]])[0];
}

test('passes on connections and data APIs, and nothing else', { timeout: 30_000 }, async () => {
  const link = open();
  const early = link.newPort();
  link.apply(delta(0, 1, [connection('a'), api('x'), routeEntry('r')]));
  link.apply(delta(1, 2, [connection('b')], ['connection/p/a', 'route/p/r']));
  assert.deepEqual(await ask(link, early), ['connection/p/b', 'dataapi/p/x']);
  link.apply(delta(0, 3, [connection('c')]));
  assert.deepEqual(await ask(link), ['connection/p/c'], 'a whole revision takes the others out');
});

test('comes back with everything, and says that ports are needed', { timeout: 30_000 }, async () => {
  const back = Promise.withResolvers<void>();
  const link = open(back.resolve);
  link.apply(delta(0, 1, [connection('a')]));
  const port = link.newPort();
  assert.deepEqual(await ask(link, port), ['connection/p/a']);
  const closed = once(port, 'close', { signal: AbortSignal.timeout(10_000) });
  port.postMessage('die');
  await closed;
  link.useListenerPorts([9000]);
  link.apply(delta(1, 2, [connection('b')]));
  await back.promise;
  assert.equal(link.restarts(), 1);
  assert.deepEqual(await ask(link), ['connection/p/a', 'connection/p/b', 'port 9000']);
  link.useListenerPorts([]);
  assert.deepEqual(await ask(link), ['connection/p/a', 'connection/p/b']);
});
