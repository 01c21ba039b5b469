/**
 * Aim: no connection of data reaches a port of a Listener, in any role: control's check, a run of the worker, a query of the
 * gateway; and once the Listener is gone its port is like any other. Method: the real command; a PostgreSQL connection that
 * first points to a real server and then to the Listener.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { startPostgres, type TestDatabase } from '../servers.ts';
import { freePort } from '../servers/process.ts';
import { api, call, must, newHome, untilReady, weirIn } from './tools.ts';
import { until, type Weir } from './weir.ts';

const REFUSED = 'it is a port of Weir itself';
let weir: Weir;
let missing = '';
let server: TestDatabase;

after(async () => {
  await weir?.stop();
  await server?.stop();
});
const home = newHome({ after }, 'own-ports');

before(async () => {
  const started = await startPostgres();
  if ('missing' in started) return void (missing = started.missing);
  server = started;
  const { host, port, user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  await client.query('CREATE TABLE numbers (id integer PRIMARY KEY); INSERT INTO numbers VALUES (1)');
  await client.end();
  weir = await weirIn(home);
  await apply(connection(server.port), API, PIPELINE);
  await untilReady(weir, 'DataApi', 'numbers');
  await until('the API answers', async () => (await numbers()).status === 200, 20);
});

test('a connection to a Listener’s port is refused by control, worker and gateway, as long as the Listener is there', async (t) => {
  if (missing) return t.skip(missing);
  const port = await freePort();
  await apply(connection(port));
  assert.match(await checked(), /"step":"tcp","ok":false/, 'nobody is there: only the socket fails');
  await apply(listener(port));
  await untilReady(weir, 'Listener', 'inner');
  assert.ok((await checked()).includes(REFUSED));
  const refused = await run();
  assert.ok(refused.includes(REFUSED), refused);
  const before = weir.output().length;
  await until(
    'a query of the gateway is refused',
    async () => {
      assert.notEqual((await numbers()).status, 200);
      const lines = weir.output().slice(before).split('\n');
      return lines.some((line) => line.includes('"thread":"query"') && line.includes(REFUSED));
    },
    20,
  );
  await must(weir, 'delete', 'Listener', 'inner', '--yes');
  await until('control forgot the port', async () => !(await checked()).includes(REFUSED), 10);
  const later = await run();
  assert.ok(later.includes('"result":"failed"') && !later.includes(REFUSED), later);
});

const API = `apiVersion: weir/v1
kind: DataApi
metadata: { name: numbers }
spec: { connection: erp, path: /data/v1/numbers, sql: SELECT id FROM numbers, page: { sort: [id] }, auth: [] }
`;
const PIPELINE = `apiVersion: weir/v1
kind: Pipeline
metadata: { name: copy }
spec:
  source: { connection: erp, streams: [public.numbers] }
  sink: { connection: erp, schema: copies, write: replace }
  retry: { attempts: 1 }
`;

function connection(port: number): string {
  const { host, user, password, database } = server;
  const login = JSON.stringify({ host, port, user, password, database });
  return `apiVersion: weir/v1\nkind: Connection\nmetadata: { name: erp }\nspec: { type: postgres, tls: { mode: disable }, ${login.slice(1, -1)} }\n`;
}

function listener(port: number): string {
  return `apiVersion: weir/v1\nkind: Listener\nmetadata: { name: inner }\nspec: { addresses: [127.0.0.1], port: ${port} }\n`;
}

async function apply(...documents: string[]): Promise<void> {
  writeFileSync(path.join(home, 'documents.yaml'), documents.join('---\n'));
  await must(weir, 'apply', '-f', 'documents.yaml');
}

const numbers = () => call(`${weir.gateway}/data/v1/numbers`);
const checked = async () => (await api(weir, '/api/v1/projects/default/connections/erp/check', { method: 'POST' })).text;

/** Runs the pipeline to its end; answers the run. */
async function run(): Promise<string> {
  const { stdout } = await weir.cli('run', 'start', 'copy', '--wait', '-o', 'json');
  const { id } = JSON.parse(stdout) as { id: string };
  return (await api(weir, `/api/v1/runs/${id}`)).text;
}
