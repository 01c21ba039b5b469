/**
 * Aim: bad input gets a clear answer and loses nothing, in the whole product. Method: one Weir with a watched folder
 * and SQLite files of the test, changed under its feet; hostile clients and upstreams on real sockets; and one Weir
 * whose data folder is a tiny disk that is filled.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test, type TestContext } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import { freePort } from '../servers/process.ts';
import { call, must, newFolder, newHome, untilReady, weirIn } from './tools.ts';
import { until, type Weir } from './weir.ts';

const WIDE = ['9007199254740993', '9223372036854775807', '-9223372036854775808', '-9007199254740993'];
const OUT = (file: string, sql: string) => {
  const db = new DatabaseSync(path.join(home, 'files', file));
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
};

let weir: Weir;
let key: string;

after(() => weir?.stop());
const home = newHome({ after }, 'bad');

before(async () => {
  for (const folder of ['files', 'resources']) mkdirSync(path.join(home, folder));
  OUT(
    'shop.db',
    `CREATE TABLE item (wide BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20));
    INSERT INTO item (wide, name) VALUES ${WIDE.map((wide) => `(${wide}, 'n')`).join(', ')};
    CREATE TABLE other (id INTEGER PRIMARY KEY, a TEXT, b TEXT); INSERT INTO other VALUES (1, 'a', 'b')`,
  );
  weir = await weirIn(home, { env: { WEIR_RESOURCES_FOLDER: 'resources', WEIR_GATEWAY_LIMITS_WRITE_IDLE: '2s' } });
  await apply(
    'shop',
    [connection('shop', 'shop.db'), connection('wh', 'wh.db'), document('Consumer', 'app', '{}'), pipeline('items', 'shop', 'item')].join(
      '---\n',
    ),
  );
  await must(weir, 'run', 'start', 'items', '--wait');
  key = (await must(weir, 'key', 'create', 'app')).trim();
  await apply(
    'api',
    `apiVersion: weir/v1
kind: DataApi
metadata: { name: items }
spec:
  connection: wh
  path: /data/items
  parameters: { wide: { schema: { type: integer } } }
  sql: |
    SELECT wide, name FROM item <where> <if test="wide != null"> wide = #{wide} </if> </where>
  page: { mode: keyset, sort: [wide], sizeDefault: 1 }
  auth: [{ type: api-key }]
`,
  );
});

test('integers above 2^53 keep every digit from source to answer, as parameter and in cursors', async () => {
  await untilReady(weir, 'DataApi', 'items');
  await until('the key is known', async () => (await get('/data/items')).status === 200, 10);
  const seen: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = await get(`/data/items${cursor && `?cursor=${cursor}`}`);
    seen.push(.../"wide":"?(-?\d+)/.exec(page.text)!.slice(1));
    cursor = page.headers['x-next-cursor'] as string | undefined;
  }
  assert.deepEqual(
    seen,
    [...WIDE].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
  );
  for (const wide of WIDE) {
    const answer = await get(`/data/items?wide=${wide}`);
    assert.match(answer.text, new RegExp(`^\\[\\{"wide":"?${wide}"?,"name":"n"\\}\\]$`));
  }
  assert.equal((await get('/data/items?wide=9223372036854775808')).status, 400);
});

test('a table that went away and a column that was dropped fail the run by name, and the target keeps its rows', async () => {
  await apply('other', pipeline('others', 'shop', 'other'));
  await must(weir, 'run', 'start', 'others', '--wait');
  OUT('shop.db', 'ALTER TABLE other DROP COLUMN b');
  const dropped = await failedRun('others');
  assert.match(dropped, /\bb\b/);
  OUT('shop.db', 'DROP TABLE other');
  const gone = await failedRun('others');
  assert.match(gone, /other/);
  const db = new DatabaseSync(path.join(home, 'files', 'wh.db'), { readOnly: true });
  assert.deepEqual({ ...db.prepare('SELECT * FROM other').get() }, { id: 1, a: 'a', b: 'b' });
  db.close();
});

test('a host that is down fails check and run with the step, and nothing else', async () => {
  const spec = `{ type: postgres, host: 127.0.0.1, port: ${await freePort()}, database: d, user: u, connectTimeout: 2s }`;
  await apply('down', `${document('Connection', 'down', spec)}---\n${pipeline('from-down', 'down', 'public.t')}`);
  const check = await weir.cli('connection', 'check', 'down');
  assert.equal(check.code, 1);
  assert.match(check.stdout, /^tcp +failed/m);
  assert.match(await failedRun('from-down'), /connector\/postgres\//);
  assert.equal((await get('/data/items')).status, 200);
});

test('a resource that others use is not deleted, and they are named', async () => {
  const refused = await weir.cli('delete', 'Connection', 'wh', '--yes');
  assert.equal(refused.code, 1);
  for (const name of ['items', 'others', 'DataApi', 'Pipeline']) assert.match(refused.stderr, new RegExp(name));
  assert.equal((await weir.cli('get', 'Connection', 'wh')).code, 0);
});

test('a half-written file in the watched folder changes nothing but says why, and the whole one is taken', async () => {
  const file = path.join(home, 'resources', 'plans.yaml');
  const whole = (limit: number) => document('Plan', 'gold', `{ policies: [{ type: rate-limit, limit: ${limit}, window: 1m }] }`);
  const shown = async () => (await weir.cli('get', 'Plan', 'gold', '-o', 'yaml')).stdout;
  writeFileSync(file, whole(7));
  await until('the file is taken', async () => /limit: 7/.test(await shown()), 15);
  writeFileSync(file, whole(8).slice(0, -25));
  await until('an incident tells of the file', async () => /plans\.yaml/.test(await must(weir, 'incident', 'list')), 15);
  assert.match(await shown(), /limit: 7/);
  writeFileSync(file, whole(8));
  await until('the whole file is taken', async () => /limit: 8/.test(await shown()), 15);
  await until('the incident is closed', async () => !/plans\.yaml/.test(await must(weir, 'incident', 'list')), 15);
  assert.match((await weir.cli('delete', 'Plan', 'gold', '--yes')).stderr, /folder/i);
});

test('10 MB of garbage on the gateway port harm nobody', async () => {
  const random = seededRandom(7);
  const { hostname, port } = new URL(weir.gateway);
  for (let i = 0; i < 4; i++) {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (part) => (answer += part.toString('latin1')));
    socket.on('error', () => {}); // It may close on us while we write.
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    for (let sent = 0; sent < 40 && !socket.destroyed; sent++) socket.write(random.bytes(65_536));
    socket.end();
    await closed;
    assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/);
    assert.equal((await get('/data/items')).status, 200);
  }
});

test('an upstream that never answers is a 504 problem within its time', async (t) => {
  const port = await upstream(t, () => {});
  await route('mute', port);
  const answer = await get('/mute');
  assert.equal(answer.status, 504);
  const problem = JSON.parse(answer.text) as { code: string; detail: string; status: number };
  assert.match(problem.code, /^core\/http\/upstream-timeout$/);
  assert.doesNotMatch(answer.text, new RegExp(String(port)), 'the host is not told');
  await until('the call is recorded', async () => new RegExp(problem.code).test((await weir.cli('calls', '--route', 'mute')).stdout), 10);
});

test('a client that stops reading holds its upstream back, and is let go', async (t) => {
  const total = 256 * 2 ** 20;
  let sent = 0;
  const ended = Promise.withResolvers<void>();
  const port = await upstream(t, (_, answer) => {
    answer.writeHead(200, { 'content-length': total });
    answer.on('close', () => ended.resolve());
    const pump = () => {
      while (sent < total && !answer.destroyed) {
        sent += 65_536;
        if (!answer.write(Buffer.alloc(65_536))) return void answer.once('drain', pump);
      }
    };
    pump();
  });
  await route('river', port);
  const { hostname, port: gatewayPort } = new URL(weir.gateway);
  const socket = connect(Number(gatewayPort), hostname);
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write(`GET /river HTTP/1.1\r\nhost: ${hostname}\r\nx-api-key: ${key}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  assert.equal((await get('/data/items')).status, 200, 'others are served meanwhile');
  await ended.promise;
  assert.ok(sent < total / 2, `${sent} bytes were taken from the upstream`);
});

test('a full disk under the data folder is told, loses nothing, and is over when there is space', { timeout: 90_000 }, async (t) => {
  if (process.getuid?.() !== 0) return t.skip('mounting a small disk needs root');
  const folder = newFolder('full');
  const data = path.join(folder, '.weir');
  const clean: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  t.after(async () => {
    for (const step of clean.reverse()) await step();
  });
  mkdirSync(data);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=0700', 'tmpfs', data], { stdio: 'pipe' });
  } catch {
    return t.skip('this machine mounts no tmpfs');
  }
  clean.push(() => execFileSync('umount', ['-l', data]));
  const small = await weirIn(folder);
  clean.push(() => small.stop());
  writeFileSync(path.join(folder, 'before.yaml'), document('Plan', 'before', '{}'));
  writeFileSync(path.join(folder, 'later.yaml'), document('Plan', 'later', '{}'));
  await must(small, 'apply', '-f', 'before.yaml');
  const ballast = path.join(data, 'ballast');
  assert.throws(() => execFileSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4k'], { stdio: 'pipe' }), 'the disk is full');
  let last = { code: 0, stderr: '' };
  // The log of the database has some room left in it: small changes fit until it is used up.
  for (let i = 0; i < 200 && last.code === 0; i++) {
    writeFileSync(path.join(folder, 'many.yaml'), Array.from({ length: 50 }, (_, n) => document('Plan', `p${i}-${n}`, '{}')).join('---\n'));
    last = await small.cli('apply', '-f', 'many.yaml');
  }
  assert.equal(last.code, 1);
  assert.match(last.stderr, /disk is full/i);
  assert.match(await must(small, 'get', 'Plan', 'before', '-o', 'yaml'), /name: before/);
  assert.equal((await call(`${small.gateway}/nowhere`)).status, 404, 'the gateway serves on');
  rmSync(ballast);
  await until('changes are taken again', async () => (await small.cli('apply', '-f', 'later.yaml')).code === 0, 20);
  assert.equal(await small.stop(), 0);
  const again = await weirIn(folder);
  clean.push(() => again.stop());
  for (const name of ['before', 'later']) assert.match(await must(again, 'get', 'Plan', name, '-o', 'yaml'), new RegExp(`name: ${name}`));
});

const get = (at: string) => call(weir.gateway + at, { 'x-api-key': key });

const document = (kind: string, name: string, spec: string) =>
  `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const connection = (name: string, file: string) => document('Connection', name, `{ type: sqlite, file: ${file} }`);
const pipeline = (name: string, from: string, stream: string) =>
  document(
    'Pipeline',
    name,
    `{ source: { connection: ${from}, streams: ["${stream}"] }, sink: { connection: wh, write: upsert }, mode: full,
  retry: { attempts: 1 } }`,
  );

async function apply(name: string, text: string): Promise<void> {
  writeFileSync(path.join(home, `${name}.yaml`), text);
  await must(weir, 'apply', '-f', `${name}.yaml`);
}

/** Runs a pipeline that must fail; its problem and its log. */
async function failedRun(name: string): Promise<string> {
  const run = await weir.cli('run', 'start', name, '--wait');
  assert.equal(run.code, 1, run.stdout);
  const id = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(run.stdout)![0];
  return run.stdout + (await must(weir, 'run', 'logs', id));
}

/** An upstream of the test on loopback. */
async function upstream(t: TestContext, answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

async function route(name: string, port: number): Promise<void> {
  const target = document('Upstream', name, `{ targets: [{ url: "http://127.0.0.1:${port}" }] }`);
  const spec = `{ match: { paths: ["/${name}"] }, upstream: ${name}, auth: [{ type: api-key }], timeouts: { firstByte: 500ms, idle: 2s } }`;
  await apply(name, `${target}---\n${document('Route', name, spec)}`);
  await untilReady(weir, 'Route', name);
}
