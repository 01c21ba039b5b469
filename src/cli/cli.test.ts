/**
 * Aim: the command line does what its help says: data on stdout, notes on stderr, exit codes, credentials,
 * both languages. Method: a real control role; the CLI runs as a process of its own against it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_PASSWORD, startTestControl, type TestControl } from '../../test/control-role.ts';
import { verbs } from './verbs/list.ts';
import { callsMessage, packedCalls, STORY } from '../../test/calls.ts';
import { systemClock } from '../base/clock.ts';
import type { ToControl } from '../sdk/channel.ts';

/** What main.ts does, with the verbs that need no server cut down to what this test asks for. */
const PROGRAM = `
import { systemClock } from '${import.meta.resolve('../base/clock.ts')}';
import { runCli } from '${import.meta.resolve('./cli.ts')}';
const offline = {
  version: '9.8.7',
  local: () => ({ address: process.env.TEST_LOCAL, tokenFile: process.env.TEST_TOKEN_FILE }),
  up: async (options) => (process.stdout.write(JSON.stringify(options)), 0),
  doctor: async () => [{ where: 'node', title: { en: 'Node', zh: 'Node 版本' }, level: 'failed', detail: { en: 'too old', zh: '版本过低' } }],
  validate: async (sources) => sources.filter(({ text }) => text !== 'empty').map(({ file, text }) => {
    const problems = text.includes('bad') ? [{ pointer: '/spec', detail: 'is bad' }] : [];
    return { file, line: 1, key: null, problems };
  }),
  config: async () => [
    { key: 'control.port', value: 8081, origin: 'default' },
    { key: 'logLevel', value: 'debug', origin: 'WEIR_LOG_LEVEL' },
  ],
};
const { argv, env, stdin, stdout, stderr } = process;
process.exitCode = await runCli({ argv: argv.slice(1), env, stdin, stdout, stderr, home: env.HOME, clock: systemClock }, offline);
`;

let control: TestControl;
let folder: string;
before(async () => {
  control = await startTestControl();
  folder = mkdtempSync(path.join(tmpdir(), 'weir-cli-'));
  mkdirSync(path.join(folder, 'home'));
});
after(async () => {
  await control.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs the CLI; without `env` it finds the local token. */
function weir(args: string[], options: { env?: Record<string, string>; input?: string } = {}): Promise<Ended> {
  const env = {
    PATH: process.env['PATH']!,
    HOME: path.join(folder, 'home'),
    TEST_LOCAL: control.address,
    TEST_TOKEN_FILE: path.join(control.folder, 'cli-token'),
    ...options.env,
  };
  const child = spawn(
    process.execPath,
    ['--input-type=module-typescript', '--disable-warning=ExperimentalWarning', '-e', PROGRAM, '--', ...args],
    { env },
  );
  return new Promise((resolve) => {
    const ended: Ended = { code: null, out: '', err: '' };
    child.stdout.on('data', (chunk) => (ended.out += chunk));
    child.stderr.on('data', (chunk) => (ended.err += chunk));
    child.on('close', (code) => resolve({ ...ended, code }));
    child.stdin.end(options.input ?? '');
  });
}

const UPSTREAM =
  'apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: crm }\nspec: { targets: [{ host: 127.0.0.1, port: 9001 }] } # kept\n';

test('validate, diff, apply, get, describe, history, rollback, dump, delete', async () => {
  const file = path.join(folder, 'crm.yaml');
  writeFileSync(file, UPSTREAM);
  const differs = await weir(['diff', '-f', file]);
  assert.equal(differs.code, 3, differs.err);
  assert.match(differs.out, /\+.*9001/);
  assert.ok(!differs.out.includes('\u001b'), 'no colour without a terminal');
  const applied = await weir(['apply', '-f', file, '--wait']);
  assert.equal(applied.code, 0, applied.err);
  assert.match(applied.out, /created +default\/Upstream\/crm +1 /);
  assert.equal((await weir(['diff', file])).code, 0);
  writeFileSync(file, UPSTREAM.replace('9001', '9002'));
  assert.match((await weir(['apply', file, '--dry-run'])).err, /nothing was changed/);
  assert.match((await weir(['apply', file])).out, /updated/);
  assert.match((await weir(['get', 'upstreams'])).out, /^PROJECT +KIND +NAME/);
  assert.equal((await weir(['get', 'upstream', '-o', 'name'])).out, 'default/Upstream/crm\n');
  assert.match((await weir(['get', 'upstream', '-o', 'csv'])).out, /^\ufeffPROJECT,KIND,NAME,[^\n]+\r\ndefault,Upstream,crm,[^\n]+\r\n$/);
  assert.equal(JSON.parse((await weir(['get', 'Upstream', 'crm', '-o', 'json'])).out).version, 2);
  assert.equal((await weir(['get', 'Upstream', 'crm', '-o', 'yaml'])).out, UPSTREAM.replace('9001', '9002'));
  assert.match((await weir(['describe', 'Upstream', 'crm'])).out, /usedBy[^]*# kept/);
  assert.match((await weir(['history', 'Upstream', 'crm', '1'])).out, /-.*9001[^]*\+.*9002/);
  assert.match((await weir(['rollback', 'Upstream', 'crm', '1'])).err, /version 3/);
  assert.match((await weir(['history', 'Upstream/crm'])).out, / 3 +rolled back +[^\n]*\n +2 +updated +[^\n]*\n +1 +created /);
  assert.equal((await control.store.audit.list({ action: 'resource.rollback', limit: 5 }))[0]?.subject, 'default/Upstream/crm');
  assert.equal((await weir(['get', 'default/Upstream/crm', '-o', 'name'])).out, 'default/Upstream/crm\n');
  assert.match((await weir(['describe', 'Upstream/crm'])).out, /usedBy[^]*TARGET[^]*127\.0\.0\.1:9001 +1 +not used yet/);
  const dumped = await weir(['dump']);
  assert.match(dumped.out, /9001[^]*# kept/);
  assert.match((await weir(['apply', '-f', '-'], { input: dumped.out })).out, /unchanged/);
  const unsure = await weir(['delete', 'Upstream', 'crm']);
  assert.equal(unsure.code, 2, 'no question without a terminal');
  assert.match(unsure.err, /--yes/);
  const plan = 'apiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold }\nspec: {}\n';
  const app = 'apiVersion: weir/v1\nkind: Consumer\nmetadata: { name: app }\nspec: { plan: gold }\n';
  await weir(['apply', '-f', '-'], { input: `${plan}---\n${app}` });
  assert.equal((await weir(['delete', 'Plan/gold', '--yes'])).code, 1, 'used by others');
  const printed = (await weir(['get', 'Plan', '-o', 'name'])).out + (await weir(['get', 'Consumer', '-o', 'name'])).out;
  const removed = await weir(['delete', ...printed.trim().split('\n'), '--yes']);
  assert.deepEqual([removed.code, removed.err], [0, 'default/Consumer/app deleted.\ndefault/Plan/gold deleted.\n'], 'users before used');
  assert.equal((await weir(['delete', 'Upstream', 'crm', '--yes'])).code, 0);
  assert.equal((await weir(['get', 'Upstream', 'crm'])).code, 4);
});

test('problems say what, where and what to do, with the request id; exit codes tell them apart', async () => {
  const file = path.join(folder, 'bad.yaml');
  writeFileSync(file, UPSTREAM.replace('targets', 'tragets'));
  const refused = await weir(['apply', file]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /bad\.yaml:4 .*tragets.* did you mean "targets"/);
  const missing = await weir(['get', 'Rout', 'x']);
  assert.equal(missing.code, 4);
  assert.match(missing.err, /did you mean "Route"[^]*\[core\/api\/no-such-kind, request id [0-9a-f-]{36}\]/);
  const chinese = await weir(['get', 'Route', 'x', '--lang', 'zh']);
  assert.match(chinese.err, /资源不存在|没有/);
  assert.equal((await weir(['token', 'create', 'x', '--token', control.viewer])).code, 5);
  assert.equal((await weir(['nonsense'])).code, 2);
  assert.equal((await weir(['get', '-o', 'xml'])).code, 2);
  assert.equal((await weir(['get', '--timeout', 'soon'])).code, 2);
  assert.equal((await weir(['apply', path.join(folder, 'none.yaml')])).code, 1);
  const away = await weir(['get', '--server', 'http://127.0.0.1:9', '--token', 'x']);
  assert.equal(away.code, 1);
  assert.match(away.err, /weir up/);
});

test('credential: --token, WEIR_TOKEN, login, cli-token, in this order; the last only to this machine’s control', async () => {
  let count = 0;
  const who = async (env: Record<string, string> = {}) => {
    const made = await weir(['token', 'create', `t${++count}`, '--quiet'], { env });
    assert.equal(made.code, 0, made.err);
    assert.equal(made.err, '', '--quiet');
    return (await control.store.audit.list({ action: 'token.create', limit: 1 }))[0]!.actor;
  };
  assert.equal(await who(), 'local-cli');
  assert.equal(await who({ WEIR_TOKEN: control.admin }), 'test-admin');
  const twice = await weir(['token', 'list'], { env: { WEIR_TOKEN: control.admin, WEIR_TOKEN_FILE: '/nowhere' } });
  assert.notEqual(twice.code, 0);
  assert.match(twice.err, /WEIR_TOKEN and WEIR_TOKEN_FILE are both set/);
  const [tokenFile, empty] = [path.join(folder, 'token'), path.join(folder, 'empty-token')];
  writeFileSync(tokenFile, `${control.admin}\n`);
  writeFileSync(empty, '\n');
  assert.equal(await who({ WEIR_TOKEN_FILE: tokenFile }), 'test-admin');
  for (const [named, reason] of [
    [path.join(folder, 'none'), /ENOENT/],
    [empty, /it is empty/],
  ] as const) {
    const { code, err } = await weir(['token', 'list'], { env: { WEIR_TOKEN_FILE: named } });
    assert.notEqual(code, 0);
    assert.match(err, reason);
    assert.match(err, new RegExp(`WEIR_TOKEN_FILE names ${named}, which gives no token`));
  }
  assert.equal(
    (await weir(['token', 'list', '--token', control.viewer], { env: { WEIR_TOKEN: control.admin } })).code,
    5,
    'the option wins',
  );
  const seen: (string | undefined)[] = [];
  const stranger = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"type":"x","title":"No","status":401,"detail":"no","code":"x"}');
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const { port } = stranger.address() as { port: number };
  const elsewhere = await weir(['get', '--server', `http://127.0.0.1:${port}`]);
  stranger.close();
  assert.equal(elsewhere.code, 5);
  assert.match(elsewhere.err, /weir login/);
  assert.deepEqual(seen, [], 'nothing was sent');
  const login = await weir(['login', '--password-file', '-'], { input: `${ADMIN_PASSWORD}\n` });
  assert.equal(login.code, 0, login.err);
  const kept = path.join(folder, 'home', '.config', 'weir', 'logins.json');
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(kept, 'utf8'), new RegExp(ADMIN_PASSWORD));
  assert.equal(await who(), 'admin', 'a change by session carries its CSRF token');
  rmSync(kept);
});

test('secrets are printed alone on stdout, users and keys are managed', async () => {
  await weir(['apply', '-'], { input: 'apiVersion: weir/v1\nkind: Consumer\nmetadata: { name: app }\nspec: {}\n' });
  const key = await weir(['key', 'create', 'app', '--expires-in', '1d']);
  assert.match(key.out, /^wk_\S+\n$/);
  assert.match(key.err, /not shown again/);
  const [id] = (await weir(['key', 'list', '-o', 'name'])).out.trim().split('\n');
  assert.equal((await weir(['key', 'revoke', id!, '-y'])).code, 0);
  const made = await weir(['user', 'create', 'lena', '--password-file', '-'], { input: 'long enough 1\n' });
  assert.equal(made.code, 0, made.err);
  assert.match((await weir(['user', 'list'])).out, /lena +viewer/);
  assert.equal((await weir(['user', 'delete', 'lena', '-y'])).code, 0);
  assert.equal((await weir(['user', 'create', 'lena'])).code, 2, 'no prompt without a terminal');
});

test('verbs without a server, help and version in both languages', async () => {
  assert.equal((await weir(['--version'])).out, 'weir 9.8.7\n');
  assert.equal(
    (await weir(['up', '--sample', '--roles', 'control,worker'])).out,
    '{"sample":true,"roles":["control","worker"],"language":"en"}',
  );
  const doctor = await weir(['doctor', '--lang', 'zh']);
  assert.equal(doctor.code, 1);
  assert.match(doctor.out, /failed +Node 版本 +node +版本过低/);
  assert.match((await weir(['config', 'print'])).out, /logLevel +debug +WEIR_LOG_LEVEL\n$/);
  assert.match((await weir(['config', 'print', '--effective'])).out, /control\.port +8081 +default/);
  const bad = await weir(['validate', '-'], { input: 'bad' });
  assert.equal(bad.code, 1);
  const english = await weir(['--help']);
  assert.equal(english.code, 0);
  assert.match(english.out, /Usage: weir/);
  const chinese = await weir(['run', '--help'], { env: { LANG: 'zh_CN.UTF-8' } });
  assert.match(chinese.out, /用法：/);
  assert.match(chinese.out, /请求停止运行/);
  const none = await weir(['validate', '-'], { input: 'empty' });
  assert.deepEqual([none.code, none.err], [0, 'No document was found; nothing to do.\n']);
});

test('wrong usage is told in both languages', async () => {
  for (const [args, en, zh] of [
    [['gett'], /unknown command 'gett'\n\(Did you mean get\?\)/, /没有命令 “gett”\n（是否指 get？）/],
    [['get', '--foo'], /unknown option '--foo'/, /没有选项 “--foo”/],
    [['get', '-o'], /argument missing/, /缺少取值/],
    [['get', '-o', 'tabel'], /argument 'tabel' is invalid/, /取值 “tabel” 无效，可选：table, json, yaml, csv, name/],
    [['delete', 'Route'], /"Route" does not fit <kind> <name>; an example: Route orders, Route\/orders/, /“Route”不适用于/],
    [['delete'], /missing required argument 'resource'/, /缺少参数 “resource”/],
    [['describe', 'Route'], /"Route" does not fit <kind> <name>/, /“Route”不适用于/],
    [['version', 'x'], /too many arguments/, /参数过多：应为 0 个，给出了 1 个/],
  ] as const) {
    for (const [language, said] of [
      ['en', en],
      ['zh', zh],
    ] as const) {
      const ended = await weir([...args], { env: { WEIR_LANG: language } });
      assert.equal(ended.code, 2);
      assert.match(ended.err, said);
    }
  }
});

/** Plays a gateway that tells of a call ten times a second, for so long. */
async function tellCalls(forMs: number): Promise<void> {
  let tell: (message: ToControl) => void = () => {};
  let close = () => {};
  control.connect({ send: () => true, onMessage: (h) => void (tell = h), onClose: (h) => void (close = h), close: () => {} });
  tell({ type: 'hello', role: 'gateway', instance: 'g1', pid: 1, revision: 0 });
  const call = {
    project: 'default',
    consumer: '',
    clientAddress: '',
    route: 'r',
    method: 'GET',
    protocol: 'http/1.1',
    release: '',
    reason: '',
    traceId: '',
    story: STORY,
  };
  const numbers = { time: Date.now(), durationMs: 1, upstreamMs: 1, requestBytes: 1, responseBytes: 1 };
  for (let n = 0; n < forMs / 100; n++) {
    const records = [200, 503].map((status) => ({ ...call, ...numbers, id: `live-${n}-${status}`, status, path: '/live\u001b[31m' }));
    tell(callsMessage(records));
    await systemClock.sleep(100);
  }
  close();
}

test('explain, calls, status, runs and sample answer', async () => {
  assert.match((await weir(['explain', 'rate-limit'])).out, /limit +\(integer, required\)/);
  assert.match((await weir(['explain', '--lang', 'zh'])).out, /种类/);
  const pipeline = await weir(['explain', 'Pipeline']);
  assert.match(pipeline.out, /^Pipeline\nCarries/);
  assert.match(
    pipeline.out,
    /streams +\(list of string or object, required\).*\n(?: {4}.*\n)* {4}allowEmpty +\(boolean/,
    'what lists may hold is told too',
  );
  assert.match(pipeline.out, /mode +\("full" or object, default "full"\)/);
  assert.match((await weir(['explain', 'nothing'])).err, /"nothing"; there are: .*DataApi/);
  await control.store.calls.add([
    packedCalls([
      {
        id: 'call-1',
        time: Date.now() - 1000,
        project: 'default',
        consumer: 'app',
        clientAddress: '10.0.0.7',
        route: 'orders',
        method: 'GET',
        protocol: 'h2',
        path: '/orders/1\u001b[31m',
        release: 'r',
        status: 503,
        reason: 'x/y',
        durationMs: 12,
        upstreamMs: 1,
        requestBytes: 1,
        responseBytes: 1,
        traceId: 't',
      },
    ]),
  ]);
  const story = (await weir(['calls', 'call-1'])).out;
  assert.match(story, /^target +#1 192\.0\.2\.9:8080$/m);
  assert.match(story, /connectMs: 1\.5/);
  assert.match(story, /^protocol +h2$/m);
  assert.match((await weir(['calls', '--protocol', 'h2'])).out, /call-1/);
  assert.doesNotMatch((await weir(['calls', '--protocol', 'websocket'])).out, /call-1/);
  assert.match(story, /rate-limit +plan +request +passed +12 +limit=5 remaining=4/);
  assert.match((await weir(['calls', 'call-2'])).err, /call-2/);
  const [followed] = await Promise.all([weir(['calls', '--follow', '--status', '5xx', '--timeout', '3s']), tellCalls(3000)]);
  assert.match(followed.out, / 503 {2}GET {2}\/live/);
  assert.ok(!followed.out.includes('\u001b'));
  assert.match(followed.err, /ended/);
  const calls = await weir(['calls', '--status', '5xx', '--since', '1h', '--method', 'get']);
  assert.match(calls.out, / 503 +GET /);
  assert.ok(!calls.out.includes('\u001b'), 'what others wrote does not steer the terminal');
  assert.equal((await weir(['calls', '--status', '4xx'])).out, '');
  assert.match((await weir(['status'])).err, /Newest revision/);
  assert.equal((await weir(['run', 'list', '--limit', '5'])).code, 0);
  assert.equal((await weir(['run', 'watch', 'none'])).code, 4);
  assert.match((await weir(['sample', 'load'])).out, /loaded/);
});

test('the audit trail is listed with its filters; a started run is one object', async () => {
  assert.match((await weir(['audit', '--limit', '3'])).out, /^TIME \(UTC\) +ACTOR +KIND +FROM +ACTION/);
  const items = JSON.parse((await weir(['audit', '--action', 'resource.rollback', '--since', '1h', '-o', 'json'])).out) as {
    subject: string;
  }[];
  assert.deepEqual(
    items.map((i) => i.subject),
    ['default/Upstream/crm'],
  );
  assert.equal((await weir(['audit', '--actor', 'nobody-here'])).out, '');
  assert.equal((await weir(['audit', '--since', 'soon'])).code, 2);
  assert.equal((await weir(['audit', '--sort', 'colour'])).code, 2);
  await control.request('PUT', '/api/v1/projects/default/resources/Connection/here', {
    as: control.admin,
    headers: { 'if-none-match': '*' },
    body: { spec: { type: 'sqlite', file: 'here.db' } },
  });
  const source = 'source: { connection: here, streams: ["*"] }\n  sink: { connection: here }';
  const text = `apiVersion: weir/v1\nkind: Pipeline\nmetadata: { name: copy }\nspec:\n  ${source}\n`;
  const applied = await weir(['apply', '-f', '-'], { input: text });
  assert.equal(applied.code, 0, applied.err + applied.out);
  const started = JSON.parse((await weir(['run', 'start', 'copy', '-o', 'json'])).out) as { pipeline: string };
  assert.equal(started.pipeline, 'copy');
});

test('every verb and option is described in both languages', () => {
  assert.equal(new Set(verbs.map((verb) => verb.name)).size, verbs.length);
  for (const { name, summary, arguments: args = [], options = [] } of verbs) {
    for (const text of [summary, ...args.map((a) => a.help), ...options.map((o) => o.help)]) {
      assert.ok(
        text.en.length > 3 && /[\u4e00-\u9fff]/.test(text.zh) && !/[\u4e00-\u9fff]/.test(text.en),
        `${name}: ${JSON.stringify(text)}`,
      );
    }
  }
});

test('route explain says which route takes a request, and refuses what is no request', async () => {
  const none = await weir(['route', 'explain', 'get http://shop.test/nowhere']);
  assert.equal(none.code, 1, none.err);
  assert.match(none.err, /No route fits/);
  assert.equal((await weir(['route', 'explain', 'nowhere'])).code, 2);
  assert.equal((await weir(['route', 'explain', '/nowhere?a=1', '-H', 'x-a: 1', '--from', '10.0.0.1'])).code, 1);
  assert.equal((await weir(['route', 'explain', '/nowhere', '-H', 'no-colon'])).code, 2);
});

test('what is not saved is tried: api try shows rows and mistakes with their line, run plan the targets', async () => {
  const database = path.join(control.folder, 'try.db');
  const shop = new DatabaseSync(database);
  shop.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, who TEXT); INSERT INTO orders VALUES (1, 'a'), (2, 'b')");
  shop.close();
  const head = (kind: string, name: string) => `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\n`;
  const write = (name: string, text: string) => (writeFileSync(path.join(folder, name), text), path.join(folder, name));
  await weir([
    'apply',
    write('c.yaml', `${head('Connection', 'try')}spec: { type: sqlite, file: ${JSON.stringify(database)} }\n`),
    '--wait',
  ]);
  const api = (sql: string) => write('a.yaml', `${head('DataApi', 'orders')}spec:\n  connection: try\n  path: /o\n  sql: |\n    ${sql}\n`);
  const good = await weir(['api', 'try', '-f', api('SELECT who FROM orders WHERE id = #{id}'), '--param', 'id=2']);
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /id +query +false[^]*\[\{"who":"b"\}\]/);
  const wrong = await weir(['api', 'try', '-f', api('SELECT whom FROM orders')]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /\/sql:1:8 .*whom/);
  assert.equal((await weir(['api', 'try', '-f', api('SELECT 1 AS a'), '--param', 'id'])).code, 2);
  const pipeline = write(
    'p.yaml',
    `${head('Pipeline', 'copy')}spec: { source: { connection: try, streams: [orders] }, sink: { connection: try, prefix: copy_ } }\n`,
  );
  const plan = await weir(['run', 'plan', '-f', pipeline]);
  assert.equal(plan.code, 0, plan.err);
  assert.match(plan.out, /orders +copy_orders +false +full/);
  assert.equal((await weir(['run', 'plan', '-f', api('SELECT 1 AS a')])).code, 2, 'no Pipeline');
});

test('overview tells what needs attention and the traffic; usage the calls of a consumer', async () => {
  const file = path.join(folder, 'app.yaml');
  writeFileSync(file, 'apiVersion: weir/v1\nkind: Consumer\nmetadata: { name: busy }\nspec: {}\n');
  assert.equal((await weir(['apply', file])).code, 0);
  const all = await weir(['overview', '--lang', 'zh']);
  assert.match(all.err, /最近一小时：\d+ 次调用/);
  assert.equal(JSON.parse((await weir(['overview', '-o', 'json'])).out).traffic.length, 60);
  assert.match((await weir(['usage', 'busy'])).out, /^LAST +CALLS[^]*hour +0 +0/);
  assert.equal((await weir(['usage', 'nobody-there'])).code, 4);
});
