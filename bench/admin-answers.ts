/**
 * How long the admin API takes for lists with filters, the overview and the sums (the orders of lists stand in
 * `bench/admin-lists.ts`), with 300 resources, 10,000 runs, 100,000 calls and 20,000 audit entries: a control role on
 * its real HTTP server; the client is a thread of its own, one request at a time, each list with several filters,
 * orders and pages in turn. Also the longest pause of control's event loop.
 * Run: node bench/admin-answers.ts [requests of each list] [--postgres]
 */
import { once } from 'node:events';
import { loadavg } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { startTestControl } from '../test/control-role.ts';
import { startPostgres } from '../test/servers.ts';
import { openSqlite } from '../src/store/sqlite.ts';
import { openPostgres } from '../src/store/postgres.ts';
import { systemClock } from '../src/base/clock.ts';
import { documents, fillRows, SIZES } from './admin-answers/fill.ts';

const LIMIT_MS = 200;
const HOUR = 3_600_000;

/** Queries of each list; the second and third page of each are asked for too. */
function questions(now: number): readonly { readonly name: string; readonly queries: readonly string[] }[] {
  const recent = `from=${now - HOUR}`;
  return [
    {
      name: '/resources',
      queries: ['', 'kind=Route', 'sort=-updated', 'sort=state&limit=1000', 'text=upstream-7', 'label=team=team-3', 'name=part'],
    },
    { name: '/pipelines', queries: ['', 'name=pipeline-1', 'sort=-updated', 'limit=1000'] },
    {
      name: '/runs',
      queries: [
        '',
        'limit=500',
        'pipeline=pipeline-3',
        'result=failed',
        'state=running',
        'state=queued',
        'sort=pipeline',
        'sort=-finished&limit=500',
        'sort=started',
        `project=default&from=${now - 240 * HOUR}&to=${now - 200 * HOUR}`,
        'pipeline=pipeline-3&result=failed&sort=finished',
      ],
    },
    {
      name: '/calls',
      queries: [
        '',
        'limit=1000',
        'consumer=consumer-7',
        'route=route-9',
        'consumer=nobody',
        'status=5xx',
        'status=404',
        'failed=true',
        'sort=-duration',
        'sort=status',
        'slowerThan=1000',
        'slowerThan=1999',
        'path=/part-9/orders/1',
        'path=/none',
        `traceId=${(77).toString(16).padStart(32, '0')}`,
        'traceId=none',
        'clientAddress=192.0.2.7',
        'clientAddress=198.51.100.1',
        'reason=rate-limit/exceeded',
        'reason=none',
        'method=DELETE',
        'release=abc',
        recent,
        `${recent}&consumer=consumer-7&sort=-duration`,
        `to=${now - 20 * HOUR}`,
        'id=nothing',
        'sort=-duration&route=none',
      ],
    },
    {
      name: '/audit',
      queries: [
        '',
        'limit=1000',
        'actor=amy',
        'action=denied',
        'subject=default/Route/route-9',
        'outcome=refused',
        'address=192.0.2.7',
        'address=nowhere',
        'sort=actor',
        'sort=-action',
        'sort=subject',
        'actor=none&sort=action',
      ],
    },
    { name: '/incidents', queries: ['', 'all=true'] },
    { name: '/users', queries: [''] },
    { name: '/tokens', queries: [''] },
    { name: '/projects/default/keys', queries: ['', 'consumer=consumer-7'] },
    { name: '/overview', queries: ['', 'project=default'] },
    { name: '/projects/default/consumers/consumer-7/usage', queries: [''] },
    { name: '/projects/default/resources/Route/route-9/versions', queries: [''] },
    { name: '/data-apis', queries: [''] },
    { name: '/components', queries: [''] },
    { name: '/fleet', queries: [''] },
  ];
}

if (isMainThread) await serve();
else await measure(workerData as Job);

interface Job {
  readonly address: string;
  readonly token: string;
  readonly requests: number;
  readonly now: number;
}

async function serve(): Promise<void> {
  const requests = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 100);
  const server = process.argv.includes('--postgres') ? await startPostgres() : undefined;
  if (server && 'missing' in server) throw new Error(server.missing);
  const url = server && `postgres://${server.user}:${server.password}@${server.host}:${server.port}/${server.database}`;
  const control = await startTestControl({}, systemClock, url);
  try {
    await control.request('POST', '/api/v1/apply', { as: control.admin, body: documents() }).then(({ status, text }) => {
      if (status !== 200) throw new Error(text);
    });
    const now = systemClock.now();
    const db = url ? openPostgres(url) : openSqlite(path.join(control.folder, 'store.db'));
    await fillRows(db, control.store.calls, now);
    await db.close();
    const load = loadavg()[0]!.toFixed(1);
    console.log(
      `${url ? 'PostgreSQL' : 'SQLite'}; ${Object.entries(SIZES)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ')}; ${requests} requests each; load ${load}; Node ${process.versions.node}`,
    );
    const job: Job = { address: control.address, token: control.admin, requests, now };
    const client = new Worker(new URL(import.meta.url), { workerData: job });
    const pause = monitorEventLoopDelay({ resolution: 5 });
    pause.enable();
    client.on('message', (line: string) => {
      console.log(`${line}  longest pause ${(pause.max / 1e6).toFixed(0).padStart(5)} ms`);
      pause.reset();
    });
    await once(client, 'exit');
  } finally {
    await control.stop();
    if (server && !('missing' in server)) await server.stop();
  }
}

async function measure({ address, token, requests, now }: Job): Promise<void> {
  const ask = async (at: string): Promise<{ ms: number; next: string | null | undefined }> => {
    const begun = performance.now();
    const answer = await fetch(`${address}/api/v1${at}`, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    const ms = performance.now() - begun;
    if (answer.status !== 200) throw new Error(`${at}: ${answer.status} ${text}`);
    return { ms, next: (JSON.parse(text) as { next?: string | null }).next };
  };
  for (const { name, queries } of questions(now)) {
    const times: { ms: number; at: string }[] = [];
    for (let i = 0, next: string | null | undefined; times.length < requests; i++) {
      const query = queries[i % queries.length]!;
      for (let page = 0; page < 3 && times.length < requests; page++) {
        const at = `${name}?${query}${next ? `&after=${next}` : ''}`;
        const answer = await ask(at);
        times.push({ ms: answer.ms, at });
        next = answer.next;
        if (!next) break;
      }
      next = undefined;
    }
    times.sort((a, b) => a.ms - b.ms);
    const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))]!;
    const show = (ms: number) => ms.toFixed(1).padStart(7);
    const slow = at(0.95).ms > LIMIT_MS ? ` ▲ above ${LIMIT_MS} ms` : '';
    const last = times.at(-1)!;
    const numbers = `p50 ${show(at(0.5).ms)}  p95 ${show(at(0.95).ms)}  max ${show(last.ms)} ms`;
    const line = `${name.padEnd(52)} ${numbers}${slow} (${last.at.slice(name.length, name.length + 40)})`;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    parentPort!.postMessage(line);
  }
}
