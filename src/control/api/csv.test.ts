/**
 * Aim: a list as CSV is what RFC 4180 and spreadsheets expect, whole up to the bound, and never a formula.
 * Method: a real control role with a bound of a page and a half; nasty texts stand in its store;
 * the file is read back by a reader of RFC 4180 written here, trailers by `node:http`.
 */
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { after, before, test } from 'node:test';
import { operations } from '../../../generated/operations.ts';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';
import { strictObject, T } from '../../base/schema.ts';
import type { AuditRow } from '../../store/types.ts';
import { CSV_MARK } from '../../base/csv-line.ts';
import { columnsOf, csvHead, csvRow } from './csv.ts';
import { isExportable } from './export-list.ts';
import { openApiDocument } from './openapi.ts';
import { API_PREFIX } from './operation.ts';
import { orNull, page, time } from './shapes.ts';

const ROWS_MAX = 1500;
const AT = Date.UTC(2026, 10, 21, 8, 49, 58, 7);
const NASTY = [
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '＝1',
  'say "hi", 张三',
  'two\r\nlines',
  'a;b',
  ' edge ',
  "'quoted'",
  '',
];

let control: TestControl;
before(async () => {
  control = await startTestControl({ exports: { rows: ROWS_MAX } });
});
after(() => control.stop());

test('cells: quoting, no formulas, times, lists and what is missing', () => {
  const shape = page(
    'TestPage',
    strictObject({
      word: T.String(),
      count: T.Number(),
      at: orNull(time()),
      part: orNull(strictObject({ on: T.Boolean() })),
      list: T.Array(T.String()),
    }),
  );
  const columns = columnsOf(shape);
  assert.equal(csvHead(columns), 'word,count,at,part.on,list\r\n');
  assert.equal(
    csvRow(columns, { word: '=1', count: -5, at: AT, part: { on: true }, list: ['a'] }),
    `'=1,-5,2026-11-21T08:49:58.007Z,true,"[""a""]"\r\n`,
  );
  assert.equal(csvRow(columns, { word: 'x', count: 0, at: null, part: null, list: [] }), 'x,0,,,[]\r\n');
});

test('nasty texts come back as they were, those that begin a formula behind an apostrophe', async () => {
  await fill('nasty', NASTY);
  const { headers, text, trailers } = await load('/audit?actor=nasty&sort=time&format=csv');
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8; header=present');
  assert.match(headers['content-disposition']!, /^attachment; filename="weir-audit-\d{8}T\d{6}Z\.csv"$/);
  assert.ok(text.startsWith(CSV_MARK) && text.endsWith('\r\n'));
  assert.equal(trailers['x-weir-truncated'], 'false');
  const [head, ...rows] = parse(text.slice(1));
  const details = rows.map((row) => row[head!.indexOf('detail')]);
  assert.deepEqual(
    details,
    NASTY.map((word) => (/^[=+\-@\t\r\n＝]/.test(word) ? `'${word}` : word)),
  );
});

test('filters and order are those of the list, on every page, up to the bound; a trailer says when there were more', async () => {
  await fill(
    'many',
    Array.from({ length: ROWS_MAX + 5 }, (_, i) => `line ${i}`),
  );
  const whole = await load('/audit?actor=many&sort=-time', { accept: 'text/csv' });
  const [, ...rows] = parse(whole.text.slice(1));
  assert.equal(rows.length, ROWS_MAX);
  assert.equal(whole.trailers['x-weir-truncated'], 'true');
  assert.equal(whole.headers['x-weir-rows-max'], String(ROWS_MAX));
  assert.ok(rows[0]!.includes(`line ${ROWS_MAX + 4}`) && rows.at(-1)!.includes('line 5'));
  const exact = await load(`/audit?actor=many&sort=-time&from=${AT + 5}&format=csv`);
  assert.equal(parse(exact.text.slice(1)).length, ROWS_MAX + 1);
  assert.equal(exact.trailers['x-weir-truncated'], 'false');
});

test('JSON stays the answer unless CSV is asked for; mistakes and refusals are problems', async () => {
  const plain = await load('/audit?format=json', { accept: 'text/csv' });
  assert.match(plain.headers['content-type']!, /^application\/json/);
  const wrong = await load('/audit?format=xml');
  assert.equal(wrong.status, 400);
  const place = await load('/audit?format=csv&after=nonsense');
  assert.equal(place.status, 400);
  assert.match(place.headers['content-type']!, /problem\+json/);
  assert.equal((await load('/audit?format=csv', {}, control.viewer)).status, 403);
});

test('a page that fails on the way ends in a broken connection, not in a whole file', async () => {
  const { audit } = control.store;
  const list = audit.list;
  const asked: number[] = [];
  Object.assign(audit, {
    list: (filter: Parameters<typeof list>[0]) => {
      if (asked.push(filter.limit) > 1) return Promise.reject(new Error('the disk is gone'));
      return list(filter);
    },
  });
  try {
    await assert.rejects(load('/audit?actor=many&format=csv'), /aborted|socket hang up|ECONNRESET/);
  } finally {
    Object.assign(audit, { list });
  }
});

test('every list with an order can be had as CSV, and the OpenAPI document says so', async () => {
  const lists = operations.filter(isExportable);
  assert.deepEqual(lists.map((o) => o.id).filter((id) => ['listResources', 'listRuns', 'searchCalls', 'listAudit'].includes(id)).length, 4);
  const document = openApiDocument(
    { policies: new Map(), auth: new Map(), connectors: new Map(), discovery: new Map() } as never,
    operations,
    '0',
  ) as never;
  for (const operation of lists) {
    const { status, text } = await load(`${operation.path.replace('{project}', 'default')}?format=csv`);
    assert.equal(status, 200, `${operation.id}: ${text}`);
    const names = parse(text.slice(1))[0]!;
    assert.ok(names.length > 3 && !names.includes('') && !names.includes('spec'), `${operation.id}: ${names.join()}`);
    const described = (document as { paths: Record<string, { get: { responses: Record<string, { content: object }> } }> }).paths[
      API_PREFIX + operation.path
    ]!.get;
    assert.ok('text/csv' in described.responses['200']!.content, operation.id);
  }
});

function fill(actor: string, details: readonly string[]): Promise<void> {
  return control.store.transaction(async ({ audit }) => {
    for (const [i, detail] of details.entries()) {
      const row: AuditRow = {
        id: `${actor}-${String(i).padStart(4, '0')}`,
        time: AT + i,
        actor,
        actorKind: 'user',
        address: '127.0.0.1',
        action: 'test',
        subject: 'default/Route/a',
        beforeHash: null,
        afterHash: null,
        outcome: 'done',
        detail,
      };
      await audit.add(row);
    }
  });
}

interface Loaded {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly text: string;
}

function load(path: string, headers: Record<string, string> = {}, token = control.admin): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const asking = httpRequest(
      `${control.address}${API_PREFIX}${path}`,
      { headers: { authorization: `Bearer ${token}`, ...headers }, timeout: 20_000 },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode!,
            headers: answer.headers,
            trailers: answer.trailers,
            text: Buffer.concat(parts).toString('utf8'),
          }),
        );
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}

/** Records of RFC 4180, each ended by CRLF. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let found = cell.exec(text); found; found = cell.exec(text)) {
    row.push(found[1] === undefined ? found[2]! : found[1].replaceAll('""', '"'));
    if (found[3] === ',') continue;
    rows.push(row);
    row = [];
    if (cell.lastIndex === text.length) return rows;
  }
  throw new Error(`no RFC 4180 after ${rows.length} records`);
}
