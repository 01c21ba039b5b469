/**
 * Aim: a request's texts become exactly the texts that are bound, or one problem that names every mistake;
 * tests of <if> are evaluated exactly; cursors cannot be forged.
 * Method: readers of compiled APIs are given queries, headers and path values.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../base/problem.ts';
import { seededRandom } from '../base/random.ts';
import type { CompiledDataApi } from '../sdk/dataapi.ts';
import { createDataApiCompiler } from './compiler.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { canExplode, patternSteps, schemaMistakes } from './schema-check.ts';
import { compileTest, evaluateTest } from './template/condition.ts';
import { createValueReader } from './values.ts';

function api(
  parameters: Record<string, unknown>,
  extra: Record<string, unknown> = {},
  cursorKey = 'ab'.repeat(32),
  release = 'r1',
): CompiledDataApi {
  const spec = { connection: 'w', path: '/x', parameters, sql: 'SELECT 1 AS id FROM t', ...extra };
  const result = createDataApiCompiler().compile({ project: 'default', name: 'a', release, cursorKey, dialect: 'postgres', spec });
  assert.ok(result.ok, JSON.stringify(result));
  return result.api;
}

const of = (type: string, rest: Record<string, unknown> = {}) => ({ in: 'query', schema: { type, ...rest } });

function read(a: CompiledDataApi, query: string, params: Record<string, string> = {}, headers: Record<string, string> = {}) {
  return createValueReader(a)({ query, params, header: (name) => headers[name] });
}

function mistakes(a: CompiledDataApi, query: string, params: Record<string, string> = {}): string[] {
  try {
    read(a, query, params);
  } catch (error) {
    assert.ok(error instanceof Problem && error.status === 400);
    return error.errors.map((e) => `${e.pointer} ${e.detail.en}`);
  }
  return assert.fail('no mistake was found');
}

test('values keep their text', () => {
  const a = api({
    i: of('integer'),
    n: of('number'),
    b: of('boolean'),
    d: of('string', { format: 'date' }),
    t: of('string'),
    x_tenant: { in: 'header', schema: { type: 'string' } },
  });
  const { values } = read(
    a,
    'i=9223372036854775807&n=0.1000000000000000055511151231257827&b=true&d=2028-02-29&t=%E5%A0%B0+%27%3B--',
    {},
    { 'x-tenant': 'acme' },
  );
  assert.deepEqual(Object.fromEntries(values), {
    i: '9223372036854775807',
    n: '0.1000000000000000055511151231257827',
    b: 't',
    d: '2028-02-29',
    t: "堰 ';--",
    x_tenant: 'acme',
  });
});

test('defaults fill in, absent values are null', () => {
  const { values } = read(api({ a: of('integer', { default: 7 }), b: of('boolean', { default: false }), c: of('string') }), '');
  assert.deepEqual(Object.fromEntries(values), { a: '7', b: 'f', c: null });
});

test('every mistake is named at once', () => {
  const a = api(
    {
      id: { in: 'path', schema: { type: 'integer', minimum: 1 } },
      from: of('string', { format: 'date' }),
      kind: of('string', { enum: ['a', 'b'] }),
      must: { ...of('string'), required: true },
    },
    { path: '/x/{id}' },
  );
  assert.deepEqual(mistakes(a, 'fron=1&from=2026-02-30&kind=c&kind=a&%zz=1', { id: '0' }), [
    '/query/fron is not a parameter of this API; did you mean "from"?',
    '/query/kind is given more than once; it takes one value',
    '/query "%zz=1" is not valid percent-encoded UTF-8',
    '/path/id must be >= 1; got "0"',
    '/query/from must match format "date"; got "2026-02-30"',
    '/query/kind must be equal to one of the allowed values: "a", "b"; got "c"',
    '/query/must is required',
  ]);
});

test('wrong forms of each type', () => {
  const a = api({
    i: of('integer'),
    n: of('number'),
    b: of('boolean'),
    t: of('string', { maxLength: 3 }),
    m: of('integer', { multipleOf: 2 }),
    ts: of('string', { format: 'date-time' }),
    u: of('string', { format: 'uuid' }),
  });
  for (const bad of [
    'i=1.0',
    'i=1e3',
    'i=',
    'i=%201',
    'i=9223372036854775808',
    'i=-9223372036854775809',
    'i=0x1',
    'n=NaN',
    'n=1.',
    'n=Infinity',
    'b=1',
    'b=TRUE',
    't=abcd',
    't=%00',
    'm=9007199254740993',
    'ts=yesterday',
    'u=1',
    'i=1&i=1',
    'nope',
    'page_size=5',
    '%ff=1',
    'i=%c3%28',
    '__proto__=1',
    'constructor=x',
  ]) {
    assert.equal(mistakes(a, bad).length, 1, bad);
  }
  assert.equal(read(a, 'm=9007199254740994').values.get('m'), '9007199254740994');
  assert.match(mistakes(a, Array.from({ length: 200 }, (_, i) => `x${i}=1`).join('&'))[0]!, /more than 128/);
});

test('page_size and cursor belong to paging', () => {
  const a = api({}, { page: { sort: ['id'], sizeDefault: 5, sizeMax: 10 } });
  assert.equal(read(a, '').pageSize, 5);
  assert.equal(read(a, 'page_size=10').pageSize, 10);
  for (const bad of ['page_size=0', 'page_size=11', 'page_size=x', 'page_size=1&page_size=2'])
    assert.equal(mistakes(a, bad).length, 1, bad);
});

test('a changed or foreign cursor is refused, one of an older release is outdated', () => {
  const page = { page: { sort: ['id'] } };
  const a = api({}, page);
  const cursor = writeCursor(a, [{ type: 'int64', value: '9007199254740993' }])!;
  assert.deepEqual(readCursor(a, cursor), [{ type: 'int64', value: '9007199254740993' }]);
  const code = (from: CompiledDataApi, text: string) => {
    try {
      readCursor(from, text);
    } catch (error) {
      return (error as Problem).code;
    }
    return 'accepted';
  };
  const random = seededRandom(7);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  for (let i = 0; i < cursor.length; i++) {
    const other = alphabet.replace(cursor[i]!, '')[random.integer(alphabet.length - 1)];
    assert.equal(code(a, cursor.slice(0, i) + other + cursor.slice(i + 1)), 'core/dataapi/cursor-invalid', `position ${i}`);
  }
  for (const bad of ['', '.', 'a.b', `${cursor}.x`, `${cursor}=`, 'x'.repeat(5000)])
    assert.equal(code(a, bad), 'core/dataapi/cursor-invalid', bad);
  assert.equal(code(api({}, page, 'cd'.repeat(32)), cursor), 'core/dataapi/cursor-invalid');
  assert.equal(code({ ...a, name: 'b' }, cursor), 'core/dataapi/cursor-invalid');
  assert.equal(code(api({}, page, undefined, 'r2'), cursor), 'core/dataapi/cursor-outdated');
});

test('tests of <if> are evaluated exactly', () => {
  const { parameters } = api({ i: of('integer'), n: of('number'), b: of('boolean'), s: of('string') });
  const holds = (text: string, values: Record<string, string>) => {
    const result = compileTest(text, parameters);
    assert.ok(result.ok, JSON.stringify(result));
    const overTheWire = JSON.parse(JSON.stringify(result.test)) as typeof result.test;
    return evaluateTest(overTheWire, (name) => values[name] ?? null);
  };
  const cases: [string, Record<string, string>, boolean][] = [
    ['i != null', {}, false],
    ['i != null', { i: '0' }, true],
    ['i == null', {}, true],
    ['i > 9007199254740992', { i: '9007199254740993' }, true],
    ['i == 9007199254740992', { i: '9007199254740993' }, false],
    ['5 < i', { i: '6' }, true],
    ['5 >= i', { i: '6' }, false],
    ['i >= 1.5', { i: '2' }, true],
    ['n <= 0.5', { n: '5e-1' }, true],
    ['s == \'a\' or s == "b"', { s: 'b' }, true],
    ["s != ''", { s: '' }, false],
    ["s != 'x'", {}, true],
    ['i > 0', {}, false],
    ['b', { b: 't' }, true],
    ['not b', { b: 't' }, false],
    ['b == false', { b: 'f' }, true],
    ['!(i == null) && (b || n > 1)', { i: '1', n: '2' }, true],
    ['i == 1 and i == 2 or i == 3', { i: '3' }, true],
    ['i == 1 and (i == 2 or i == 3)', { i: '3' }, false],
  ];
  for (const [text, values, expected] of cases) assert.equal(holds(text, values), expected, `${text} ${JSON.stringify(values)}`);
  for (const bad of [
    '',
    'i',
    's == 1',
    'i == i',
    'b > true',
    'i <> 1',
    'i == null)',
    '(i == null',
    'i < null',
    'alert(1)',
    'i == 1; 2',
    '('.repeat(50),
  ]) {
    assert.ok(!compileTest(bad, parameters).ok, bad);
  }
});

test('patterns that can explode are told apart', () => {
  for (const bad of ['(a+)+', '(a|b)*c(d*)*', '((x)*y){2,}', '(a|a?)+', '(a?){30}a{30}']) assert.ok(canExplode(bad), bad);
  for (const good of ['^[a-z0-9-]{1,63}$', '^(abc)+$', '\\(a+\\)+', '[(a+)]+', '^\\d{4}-\\d\\d$', '^(?:ab)+$', '^\\d+(\\.\\d+)?$'])
    assert.ok(!canExplode(good), good);
});

test('a pattern whose parts can share out a long value in too many ways is not published', () => {
  const told = (pattern: string, rest: Record<string, unknown> = {}) =>
    schemaMistakes({ type: 'string', pattern, ...rest }).map((one) => one.en);
  for (const pattern of ['^a*a*a*a*a*b$', '.*a.*b', '^a*|b*c*$'])
    assert.match(told(pattern).join(), /too long on 1024 characters/, pattern);
  assert.match(told('^a*a*a*a*a*b$', { maxLength: 40 }).join(), /too long on 40 characters/);
  for (const pattern of ['^[a-z]+-[a-z]+$', '[0-9]+', '^[A-Z]{2,3}-\\d{4,6}(-[a-z]*)?$']) assert.deepEqual(told(pattern), [], pattern);
  assert.deepEqual(told('^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$', { maxLength: 254 }), []);
  assert.equal(patternSteps('^(?:\\d{4}|[*+?]{2,3})$', 1000), 4);
});

test('a value past its length is refused before its pattern is tried', () => {
  const slow = api({ q: of('string', { maxLength: 60, pattern: '^a*a*a*b$' }), free: of('string', { pattern: '^[a-z]*$' }) });
  const long = 'a'.repeat(15_000); // The pattern alone would take half an hour on it.
  assert.deepEqual(mistakes(slow, `q=${long}`), [`/query/q must NOT have more than 60 characters; got "${'a'.repeat(57)}…"`]);
  assert.match(mistakes(slow, `free=${'a'.repeat(1025)}`).join(), /more than 1024 characters/);
  assert.equal(read(slow, `free=${'a'.repeat(1024)}`).values.get('free')?.length, 1024);
  const signs = api({ q: of('string', { maxLength: 2, pattern: '^.*$' }) });
  assert.equal(read(signs, `q=${encodeURIComponent('😀😀')}`).values.get('q'), '😀😀', 'characters, not code units');
});
