/**
 * Aim: CSV keeps every promise of a source, and refuses what is not CSV by its line.
 * Method: the conformance suite on a file; a table of bad files; a scanner fed piece by piece; a local HTTP server.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { seededRandom } from '../../../base/random.ts';
import { readValue } from '../../../base/schema-read.ts';
import { decodeRows, Problem, type StreamSchema } from '../../../sdk/index.ts';
import { connectorSuite } from '../../../sdk/suites/connector.suite.ts';
import { connect, suiteTools } from '../../../sdk/suites/connector-tools.ts';
import csv from './index.ts';
import { csvScanner } from './scanner.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'weir-csv-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const tools = suiteTools(folder);
const at = (name: string) => path.join(folder, name);
const cell = (value: unknown) => (value === null ? '' : `"${String(value).replaceAll('"', '""')}"`);
writeFileSync(at('suite.csv'), 'id,name,amount,stamp\n1,a,1.00,\n');

connectorSuite({
  component: csv as never,
  config: { file: 'suite.csv', columns: { id: 'int64', amount: 'decimal', stamp: 'timestamp' } },
  tools,
  broken: [{ name: 'nobody listens', config: { url: 'http://127.0.0.1:1/x.csv' }, step: 'tcp' }],
  incremental: false,
  async makeStream(_name, rows) {
    const lines = rows.map((row) => [row.id, row.name, row.amount, row.stamp].map(cell).join(','));
    writeFileSync(at('suite.csv'), ['id,name,amount,stamp', ...lines, ''].join('\r\n'));
    return 'suite';
  },
});

const signal = () => AbortSignal.timeout(10_000);
async function readAll(config: Record<string, unknown>): Promise<(string | null)[][]> {
  const connector = connect(csv as never, config, tools);
  const stream: StreamSchema = (await connector.discover(signal()))[0]!;
  const rows: (string | null)[][] = [];
  for await (const batch of connector.source!.read({ stream, mode: { type: 'full' }, batchBytes: 1 << 20 }, signal()))
    rows.push(...decodeRows(batch.data));
  return rows;
}

test('empty, quoted empty, line ends inside quotes, doubled quotes, a last line without end', async () => {
  writeFileSync(at('forms.csv'), 'a,b\n,""\n"x\r\ny","say ""hi"""\n\n1,2');
  assert.deepEqual(await readAll({ file: 'forms.csv' }), [
    [null, ''],
    ['x\r\ny', 'say "hi"'],
    ['1', '2'],
  ]);
});

test('encodings: GBK, UTF-16, a byte order mark', async () => {
  writeFileSync(at('gbk.csv'), Buffer.concat([Buffer.from('n\n'), Buffer.from([0xd1, 0xdf]), Buffer.from('\n')]));
  assert.deepEqual(await readAll({ file: 'gbk.csv', encoding: 'gbk' }), [['堰']]);
  writeFileSync(at('u16.csv'), Buffer.from('\ufeffn;m\n堰;😀\n', 'utf16le'));
  assert.deepEqual(await readAll({ file: 'u16.csv', encoding: 'utf-16le', delimiter: ';' }), [['堰', '😀']]);
  writeFileSync(at('bom.csv'), '\ufeffn\nx\n');
  assert.deepEqual(await readAll({ file: 'bom.csv' }), [['x']]);
});

const BAD: readonly (readonly [string, string | Buffer, string, RegExp])[] = [
  ['too few cells', 'a,b\n1,2\n3\n', 'bad-line', /line 3: it has 1 cell/],
  ['too many cells after a cell of two lines', 'a,b\n"x\ny",2\n1,2,3\n', 'bad-line', /line 4: it has 3 cell/],
  ['an open quote', 'a,b\n1,"2\n3,4\n', 'bad-line', /line 2: the text ends inside/],
  ['text after a quote', 'a,b\n1,"2"x\n', 'bad-line', /line 2: after a closing quote/],
  ['a quote inside', 'a,b\n1,2"\n', 'bad-line', /line 2: a quote stands inside/],
  ['not UTF-8', Buffer.from([0x61, 0x0a, 0xff, 0xfe, 0x0a]), 'bad-line', /not utf-8/],
  ['a value of the wrong type', 'id\n1\nx1\n', 'bad-line', /line 3: column "id": "x1" is not a whole number/],
  ['a number beyond its type', 'id\n9223372036854775808\n', 'bad-line', /line 2: .* out of range/],
  ['no header', '', 'bad-header', /it is empty/],
  ['a double name', 'id,id\n', 'bad-header', /two columns are called "id"/],
  ['a row too long', `id\n"${'x'.repeat(3000)}`, 'bad-line', /line 2: /],
];
for (const [name, text, code, message] of BAD) {
  test(`refused: ${name}`, async () => {
    writeFileSync(at('bad.csv'), text);
    const columns = String(text).startsWith('id\n') ? { columns: { id: 'int64' } } : {};
    await assert.rejects(readAll({ file: 'bad.csv', rowMax: '1KiB', ...columns }), (error: Problem) => {
      assert.match(error.code, new RegExp(`/${code}$`));
      assert.match(error.message, message);
      return true;
    });
  });
}

test('a file that grows while it is read is refused at its end', async () => {
  writeFileSync(at('grows.csv'), `a\n${'x\n'.repeat(100_000)}`);
  const connector = connect(csv as never, { file: 'grows.csv' }, tools);
  const [stream] = await connector.discover(signal());
  await assert.rejects(
    async () => {
      for await (const _ of connector.source!.read({ stream: stream!, mode: { type: 'full' }, batchBytes: 1024 }, signal()))
        appendFileSync(at('grows.csv'), 'y\n');
    },
    (error: Problem) => error.code.endsWith('/changed-while-read'),
  );
});

test('text cut at any place gives the same rows', () => {
  const random = seededRandom(7);
  const alphabet = ['a', ',', '"x"', '"y,\n""z"', '\n', '\r\n', '堰', '""'];
  for (let n = 0; n < 500; n++) {
    const text = Array.from({ length: 1 + random.integer(12) }, () => alphabet[random.integer(alphabet.length)]).join('');
    const scan = (pieces: readonly string[]) => {
      const scanner = csvScanner({ delimiter: ',', quote: '"', rowMax: 1000 });
      try {
        return JSON.stringify([...pieces.flatMap((piece) => scanner.push(piece, false)), ...scanner.push('', true)]);
      } catch (error) {
        return String(error);
      }
    };
    assert.equal(scan([...text]), scan([text]), JSON.stringify(text));
  }
});

test('an export over HTTP: read, refused status, cut answer, silence', async () => {
  const server = http.createServer((request, response) => {
    if (request.url === '/ok.csv') return void response.end(`id,who\n1,${request.headers.authorization ?? ''}\n`);
    if (request.url === '/cut.csv') {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('id\n1\n');
      return void setImmediate(() => response.destroy());
    }
    if (request.url === '/moved.csv') return void response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    if (request.url === '/silent.csv') return;
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fails = (path: string, code: string) =>
    assert.rejects(
      readAll({ url: base + path, timeout: '200ms' }),
      (error: Problem) => error instanceof Problem && error.code.endsWith(`/${code}`),
    );
  try {
    assert.deepEqual(await readAll({ url: `${base}/ok.csv`, authorization: 'Bearer t' }), [['1', 'Bearer t']]);
    await fails('/none.csv', 'bad-answer');
    await fails('/moved.csv', 'bad-answer');
    await fails('/silent.csv', 'host-unreachable');
    const connector = connect(csv as never, { url: `${base}/cut.csv`, stream: 'cut' }, tools);
    const stream = {
      name: 'cut',
      namespace: undefined,
      table: 'cut',
      columns: [{ name: 'id', type: 'text', nullable: true, sourceType: 'text' }],
      primaryKey: [],
      uniqueKeys: [],
      rowsEstimate: undefined,
    } as const;
    await assert.rejects(
      async () => {
        for await (const _ of connector.source!.read({ stream, mode: { type: 'full' }, batchBytes: 10 }, signal()));
      },
      (error: Problem) => error.code.endsWith('/connection-lost'),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a URL with user or password is refused without repeating it: dumps and history would show it', () => {
  for (const url of ['https://me:canary@crm.example.test/x.csv', 'http://canary@crm.example.test', 'http://crm.example.test\\@canary']) {
    const { errors } = readValue(csv.config, { url });
    assert.deepEqual(
      errors.map((error) => error.pointer),
      ['/url'],
      url,
    );
    assert.doesNotMatch(errors[0]!.detail.en, /:canary|\/canary/);
  }
  for (const url of ['http://crm.example.test', 'https://crm.example.test:8443/a?mail=me@example.test', 'http://[::1]:9/x'])
    assert.deepEqual(readValue(csv.config, { url }).errors, [], url);
});
