/**
 * Aim: a newcomer's ten minutes: the three printed lines, the data APIs, every command of both READMEs word for
 * word, and a removed sample that stays removed. Method: `up --sample` on an empty folder; the commands are read
 * out of the READMEs and run by bash; answers of data APIs are compared with the warehouse file itself.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { call, must, newHome, shell, untilReady, weirIn } from './tools.ts';
import { root, until, type Weir } from './weir.ts';

type Row = Record<string, unknown>;

let weir: Weir;
let keys: { shopApp: string; partner: string };

after(() => weir?.stop());
const home = newHome({ after }, 'sample');
before(async () => void (weir = await weirIn(home, { args: ['--sample'] })));

test('the three printed lines work as printed', async () => {
  await until('the three lines are printed', () => /Ctrl-C stops everything/.test(weir.output()));
  const lines = [...weir.output().matchAll(/^ {2}(curl .*)$/gm)].map((match) => match[1]!);
  assert.equal(lines.length, 3, weir.output());
  const [order, customer, limited] = [await shell(weir, lines[0]!), await shell(weir, lines[1]!), await shell(weir, lines[2]!)];
  assert.equal((JSON.parse(order!.stdout) as { order_id: number }).order_id, 1);
  assert.equal((JSON.parse(customer!.stdout) as { customer_id: number }).customer_id, 7);
  assert.deepEqual(limited!.stdout.trim().split('\n'), ['200', '200', '200', '200', '200', '429', '429']);
  // The start itself calls nothing: a newcomer finds their own calls and no other.
  const calls = async () => JSON.parse(await must(weir, 'calls', '-o', 'json')) as { status: number; path: string }[];
  await until('the nine calls are recorded', async () => (await calls()).length >= 9, 20);
  assert.deepEqual((await calls()).map(({ status, path: at }) => `${status} ${at}`).toSorted(), [
    ...Array.from({ length: 5 }, (_, i) => `200 /crm/customers/${i + 1}`),
    '200 /crm/customers/7',
    '200 /data/v1/orders/1',
    '429 /crm/customers/6',
    '429 /crm/customers/7',
  ]);
  const text = readFileSync(path.join(weir.folder, '.weir', 'sample-keys'), 'utf8');
  keys = { shopApp: /^shop-app: (\S+)$/m.exec(text)![1]!, partner: /^partner: (\S+)$/m.exec(text)![1]! };
});

test('one row, a list through all its pages, an aggregate: equal to the warehouse', async () => {
  await must(weir, 'disable', 'Pipeline', 'erp-to-warehouse'); // So that the warehouse stands still.
  await until('no run is under way', async () => !/"state": "(queued|running)"/.test(await must(weir, 'run', 'list', '-o', 'json')));
  const warehouse = new DatabaseSync(path.join(weir.folder, 'files', 'sample', 'warehouse.db'), { readOnly: true });
  const headers = { 'x-api-key': keys.shopApp };
  try {
    const one = await call(`${weir.gateway}/data/v1/orders/42`, headers);
    const wanted = warehouse
      .prepare(`SELECT o.order_id, o.order_date, o.status, o.total, o.note, c.name AS customer, c.city
      FROM erp_customer_order o LEFT JOIN crm_customer c ON c.customer_id = o.customer_id WHERE o.order_id = 42`)
      .get()!;
    assert.deepEqual(sameNumbers(JSON.parse(one.text)), sameNumbers({ ...wanted }));
    const columns = 'order_id, customer_id, order_date, status, total, updated_at';
    const rows = warehouse.prepare(`SELECT ${columns} FROM erp_customer_order ORDER BY order_id`).all();
    // An order the ticker has just changed stands beyond the run's bound and comes with the next one.
    assert.ok(rows.length >= 11_900, `${rows.length} orders`);
    const paged: Row[] = [];
    let at: string | undefined = `${weir.gateway}/data/v1/orders?page_size=1000`;
    for (let page = 0; at !== undefined && page < 50; page++) {
      const answer = await call(at, headers);
      assert.equal(answer.status, 200, answer.text);
      paged.push(...(JSON.parse(answer.text) as Row[]));
      const link = /<([^>]*)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1];
      const cursor = answer.headers['x-next-cursor'];
      assert.equal(link === undefined, cursor === undefined, 'link and cursor come together');
      if (link !== undefined) assert.equal(new URL(link, at).searchParams.get('cursor'), cursor);
      at = link === undefined ? undefined : new URL(link, at).href;
    }
    assert.deepEqual(
      paged.map(sameNumbers),
      rows.map((row) => sameNumbers({ ...row })),
    );
    const sales = JSON.parse((await call(`${weir.gateway}/data/v1/sales-by-month`, headers)).text) as { orders: number }[];
    const groups = warehouse
      .prepare(`SELECT count(*) AS n, sum(c) AS orders FROM (SELECT count(DISTINCT o.order_id) AS c
      FROM erp_order_line l JOIN erp_customer_order o USING (order_id) JOIN erp_product p ON p.product_id = l.product_id
      WHERE o.status <> 'cancelled' GROUP BY substr(o.order_date, 1, 7), p.category)`)
      .get()!;
    assert.deepEqual([sales.length, sales.reduce((sum, row) => sum + row.orders, 0)], [groups['n'], groups['orders']]);
  } finally {
    warehouse.close();
    await must(weir, 'enable', 'Pipeline', 'erp-to-warehouse');
  }
});

test('wrong parameters are 400 with a pointer, no key is 401, no such row 404', async () => {
  const headers = { 'x-api-key': keys.shopApp };
  const wrong: [string, RegExp][] = [
    ['/data/v1/orders/abc', /order_id/],
    ['/data/v1/orders/0', /order_id/],
    ['/data/v1/orders/1?colour=red', /colour/],
    ['/data/v1/orders?status=lost', /status/],
    ['/data/v1/orders?from=yesterday', /from/],
    ['/data/v1/orders?customer_id=1.5', /customer_id/],
    ['/data/v1/orders?customer_id=1&customer_id=2', /customer_id/],
    ['/data/v1/orders?page_size=1001', /page_size/],
    ['/data/v1/orders?page_size=0', /page_size/],
  ];
  for (const [at, pointer] of wrong) {
    const answer = await call(weir.gateway + at, headers);
    assert.equal(answer.status, 400, `${at}: ${answer.text}`);
    const problem = JSON.parse(answer.text) as { code: string; errors: { pointer: string; detail: string }[] };
    assert.match(problem.errors.map((error) => error.pointer).join(' '), pointer, at);
  }
  const tampered = await call(`${weir.gateway}/data/v1/orders?cursor=eyJyIjoiMSJ9.AAAA`, headers);
  assert.deepEqual([tampered.status, (JSON.parse(tampered.text) as { code: string }).code], [400, 'core/dataapi/cursor-invalid']);
  assert.equal((await call(`${weir.gateway}/data/v1/orders/99999999`, headers)).status, 404);
  assert.equal((await call(`${weir.gateway}/data/v1/orders/1`)).status, 401);
  assert.equal((await call(`${weir.gateway}/data/v1/orders/1`, { 'x-api-key': `${keys.shopApp}x` })).status, 401);
});

test('every command of README.md works as written', { timeout: 120_000 }, () => tour('README.md'));

test('the sample stays removed over a restart, and comes back when asked for', async () => {
  assert.ok(!existsSync(path.join(weir.folder, '.weir', 'sample-keys')));
  assert.equal(await weir.stop(), 0);
  weir = await weirIn(home, { args: ['--sample'] });
  assert.equal((await must(weir, 'get', '-o', 'name')).trim(), 'default/User/admin', 'nothing but the first user is left');
  assert.match(await must(weir, 'sample', 'load'), /16 resources/);
  await untilReady(weir, 'DataApi', 'orders');
});

test('every command of README.zh-CN.md works as written', { timeout: 120_000 }, () => tour('README.zh-CN.md'));

/** Runs the commands of a README's tour in order, with what its placeholders stand for. */
async function tour(file: string): Promise<void> {
  const text = readFileSync(path.join(root, file), 'utf8');
  writeFileSync(path.join(weir.folder, 'open-orders.yaml'), /```yaml\n(.*?)```/s.exec(text)![1]!);
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1]!);
  const commands = blocks.flatMap((block) => block.split('\n')).filter((line) => /^(\.\/weir|curl)/.test(line));
  assert.ok(commands.length >= 18, `${commands.length} commands`);
  let run = '';
  let key = '';
  for (const written of commands) {
    const line = written
      .replace(/<(run|运行) id>/, run)
      .replace(/<(key|密钥)>/, key)
      .replace('http://localhost:8080', weir.gateway);
    const expected = / diff /.test(line) ? 3 : 0;
    if (line.startsWith('curl'))
      await until('API and key serve', async () => (await shell(weir, `${line} -f -o /dev/null`)).code === 0, 10);
    if (/ calls /.test(line)) await until('the call is recorded', async () => /200/.test((await shell(weir, line)).stdout), 10);
    // The schedule may just run the same pipeline, which the command tells.
    if (/run start/.test(line))
      await until('no run stands in the way', async () => !/run-exists/.test((await shell(weir, line)).stderr), 20);
    const { code, stdout, stderr } = await shell(weir, line);
    assert.equal(code, expected, `${file}: ${line}\n${stderr}${stdout}`);
    const [, wanted] = EXPECTED.find(([command]) => written.includes(command)) ?? [];
    assert.match(stdout + stderr, wanted ?? /./, `${file}: ${line}`);
    run = / run list/.test(line) ? /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(stdout)![0] : run;
    key = /key create/.test(line) ? /wk_\S+/.exec(stdout)![0] : key;
  }
  assert.ok(run && key);
}

/** What the output of a command must hold. */
const EXPECTED: readonly (readonly [string, RegExp])[] = [
  ['weir get Pipeline', /crm-to-warehouse[^]*mes-to-warehouse/],
  ['weir get', /Connection[^]*Upstream/],
  ['describe DataApi orders', /usedBy[^]*page: \{ mode: keyset/],
  ['explain policy rate-limit', /window/],
  ['--wait', /succeeded/],
  ['run list', /erp-to-warehouse/],
  ['run logs', /run succeeded/],
  ['validate', /ok +default\/DataApi\/open-orders/],
  ['diff', /\+kind: DataApi/],
  ['apply', /created/],
  ['curl', /^\[(\{"order_id":\d+[^{]*\},?){3}\]/],
  ['calls', /open-orders/],
  ['rollback', /open-orders/],
  ['history', /local-cli/],
  ['delete', /open-orders/],
  ['sample remove', /16/],
];

/** Numbers as numbers, whichever of text or number a driver gave. */
function sameNumbers(row: Row): Row {
  const plain = (value: unknown) => (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value);
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}
