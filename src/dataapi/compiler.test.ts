/**
 * Aim: a template becomes exactly the shapes it says, and every mistake is told with its line.
 * Method: compile whole DataApi specs (DESIGN §4's example among them) and compare SQL texts and errors.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDataApiCompiler } from './compiler.ts';
import type { CompiledDataApi, DataApiInput } from '../sdk/dataapi.ts';

const compiler = createDataApiCompiler();
const base = { project: 'default', name: 'a', release: 'r1', cursorKey: 'ab'.repeat(32) } as const;

function input(spec: Record<string, unknown>, dialect: DataApiInput['dialect'] = 'postgres'): DataApiInput {
  return { ...base, dialect, spec: { connection: 'w', path: '/x', ...spec } };
}

function compiled(spec: Record<string, unknown>, dialect?: DataApiInput['dialect']): CompiledDataApi {
  const result = compiler.compile(input(spec, dialect));
  assert.ok(result.ok, JSON.stringify(result));
  return result.api;
}

function errorsOf(spec: Record<string, unknown>, dialect?: DataApiInput['dialect']): string[] {
  const result = compiler.compile(input(spec, dialect));
  assert.ok(!result.ok, 'should not compile');
  return result.errors.map((e) => `${e.pointer} ${e.detail.en}`);
}

const text = { in: 'query', schema: { type: 'string' } };
const integer = { in: 'query', schema: { type: 'integer' } };
const squash = (sql: string) => sql.replace(/\s+/g, ' ').trim();

/** The example of DESIGN §4, word for word. */
const EXAMPLE = {
  connection: 'warehouse',
  path: '/data/v1/customers/{customer_id}/invoices',
  parameters: {
    customer_id: { in: 'path', schema: { type: 'integer', minimum: 1 } },
    from: { in: 'query', schema: { type: 'string', format: 'date' } },
  },
  sql: `SELECT invoice_id, invoice_date, total FROM chinook.invoice
<where> customer_id = #{customer_id} <if test="from != null"> AND invoice_date >= #{from} </if> </where>
`,
  page: { mode: 'keyset', sort: ['invoice_id'], sizeDefault: 50, sizeMax: 1000 },
  auth: [{ type: 'api-key' }],
  policies: [{ type: 'rate-limit', algorithm: 'token-bucket', limit: 100, window: '1m', key: 'consumer.id' }],
};

test('DESIGN’s example compiles as written, into four shapes', () => {
  const api = compiled(EXAMPLE);
  const shape = (conditions: string, after: string, last: number) =>
    `SELECT * FROM ( SELECT invoice_id, invoice_date, total FROM chinook.invoice WHERE ${conditions} ) AS weir_page` +
    `${after} ORDER BY weir_page."invoice_id" LIMIT $${last}::int8`;
  const one = 'customer_id = $1::int8';
  const two = 'customer_id = $1::int8 AND invoice_date >= $2::date';
  assert.deepEqual(
    api.shapes.map((s) => squash(s.sql)),
    [
      shape(one, '', 2),
      shape(two, '', 3),
      shape(one, ' WHERE weir_page."invoice_id" > $2', 3),
      shape(two, ' WHERE weir_page."invoice_id" > $3', 4),
    ],
  );
  assert.deepEqual(api.shapes[3]!.binds, ['customer_id', 'from', '$cursor.0', '$page.size']);
  assert.deepEqual(api.page?.table, { namespace: 'chinook', table: 'invoice', declared: false });
  assert.deepEqual([api.limits.timeoutMs, api.limits.rowsMax], [10_000, 10_000]);
});

test('<where> drops itself when empty, and a leading AND or OR', () => {
  const api = compiled({
    parameters: { a: text, b: text },
    sql: 'SELECT 1 AS x FROM t <where> <if test="a != null">AND a = #{a}</if> <if test="b != null">OR b = #{b}</if> </where>',
  });
  assert.deepEqual(
    api.shapes.map((s) => squash(s.sql)),
    [
      'SELECT 1 AS x FROM t',
      'SELECT 1 AS x FROM t WHERE a = $1::text',
      'SELECT 1 AS x FROM t WHERE b = $1::text',
      'SELECT 1 AS x FROM t WHERE a = $1::text OR b = $2::text',
    ],
  );
});

test('a `<` that opens no known tag is SQL', () => {
  const sql = 'SELECT a<b, a <= b, a <> b, a<where_x, a <if(x), \'<if>\', "<where>", 1 <2 -- <if>\n FROM t';
  const [shape] = compiled({ sql }).shapes;
  assert.equal(squash(shape!.sql), 'SELECT a<b, a <= b, a <> b, a<where_x, a <if(x), \'<if>\', "<where>", 1 <2 FROM t');
});

test('strings, dollar quotes, comments and quoted names are respected', () => {
  for (const [sql, what] of [
    ["SELECT '#{a}'", 'a string'],
    ["SELECT E'\\'#{a}'", 'a string'],
    ['SELECT $q$ #{a} $q$', 'a string'],
    ['SELECT 1 -- #{a}', 'a comment'],
    ['SELECT /* /* */ #{a} */ 1', 'a comment'],
    ['SELECT "#{a}"', 'a quoted name'],
  ] as const) {
    assert.match(errorsOf({ parameters: { a: text }, sql })[0]!, new RegExp(`stands inside ${what}`), sql);
  }
  assert.equal(
    compiled({ parameters: { a: text }, sql: "SELECT 'it''s', $$;--$$, E'\\';', /* ; */ #{a};" }).shapes[0]!.sql,
    "SELECT 'it''s', $$;--$$, E'\\';',   $1::text",
  );
  assert.match(errorsOf({ parameters: { a: text }, sql: 'SELECT `#{a}`' }, 'sqlite')[0]!, /stands inside a quoted name/);
  assert.match(errorsOf({ sql: "SELECT 'open" })[0]!, /never closed/);
});

test('mistakes are told with their line', () => {
  const cases: [string, RegExp][] = [
    ['SELECT 1;\nDELETE FROM t', /SQL line 2: starts a second statement/],
    ['SELECT\n#{nmae}', /SQL line 2: binds "nmae", which is no parameter; did you mean "name"\?/],
    ['SELECT ${name}', /never pasted into SQL/],
    ['SELECT 1\n<foreach collection="x">1</foreach>', /SQL line 2: the tag `foreach` is not known/],
    ['SELECT 1 <if test="name != null">', /opens <if> and never closes it/],
    ['SELECT 1 </where>', /which was not opened/],
    ['SELECT 1 <if>x</if>', /needs a test/],
    ['SELECT (1 <if test="name != null">)</if>', /parenthesis/],
    ['DELETE FROM t', /must be one SELECT/],
    ['SELECT 1 INTO x', /writes \(`INTO`\)/],
    ['SELECT "pg_read_file"(#{name})', /calls pg_read_file\(\)/],
    ['SELECT pg_sleep (1)', /calls pg_sleep\(\)/],
    ["SELECT query_to_xml(#{name}, true, true, '')", /calls query_to_xml\(\)/],
    ['SELECT $1', /cannot be bound; write `#\{name\}`/],
    ['SELECT #{name; DROP}', /must hold one parameter name/],
    ['SELECT 1 <if test="nme == null">x</if>', /names "nme", which is no parameter/],
    ['SELECT 1 <if test="name == 5">x</if>', /compares "name", which is text, with a integer literal/],
    ['SELECT 1 <if test="process.exit()">x</if>', /cannot be read at/],
    ["SELECT U&'\\0041'", /Unicode escapes/],
  ];
  for (const [sql, pattern] of cases) assert.match(errorsOf({ parameters: { name: text }, sql }).join('\n'), pattern, sql);
  assert.match(errorsOf({ sql: 'SELECT ?' }, 'sqlite')[0]!, /cannot be bound/);
  assert.match(errorsOf({ sql: 'SELECT :x' }, 'sqlite')[0]!, /cannot be bound/);
  assert.match(errorsOf({ sql: 'SELECT load_extension(1)' }, 'sqlite')[0]!, /calls load_extension/);
});

test('six <if> make 64 shapes, a seventh is refused', () => {
  const ifs = (n: number) => 'SELECT 1 ' + '<if test="name != null">+ 1</if>'.repeat(n);
  assert.equal(compiled({ parameters: { name: text }, sql: ifs(6) }).shapes.length, 64);
  assert.match(errorsOf({ parameters: { name: text }, sql: ifs(7) })[0]!, /has 7 <if>; at most 6/);
});

test('parameters: lists, unknown path names, reserved names and unsafe schemas are refused; unused ones warn', () => {
  const errors = errorsOf({
    path: '/x/{id}',
    parameters: {
      list: { schema: { type: 'array' } },
      cursor: text,
      big: { schema: { type: 'integer', maximum: 2 ** 60 } },
      id: text,
      slow: { schema: { type: 'string', pattern: '^(a+)+$' } },
      key: { in: 'header', schema: { type: 'string' } },
      authorization: { in: 'header', schema: { type: 'string' } },
      bad: { schema: { type: 'string', minLength: 'x' } },
    },
    sql: 'SELECT 1',
  }).join('\n');
  for (const pattern of [
    /list.*binds single values/,
    /paging uses itself/,
    /beyond 2\^53/,
    /\/path holds \{id\}/,
    /exponential time/,
    /authorization.*not for parameters/,
    /bad.*is not a JSON Schema/,
  ])
    assert.match(errors, pattern);
  const result = compiler.compile(input({ parameters: { a: integer }, sql: 'SELECT 1' }));
  assert.ok(result.ok);
  assert.deepEqual(
    result.warnings.map((warning) => warning.en),
    ['Parameter "a" is declared but never used in the SQL.'],
  );
});

test('paging: mixed directions, row values, and what cannot be paged', () => {
  const paged = (sort: string[], sql = 'SELECT a, b, c FROM t') => compiled({ sql, page: { sort } }).shapes[1]!.sql.split('WHERE ')[1]!;
  assert.equal(paged(['a', 'b']), '(weir_page."a", weir_page."b") > ($1, $2) ORDER BY weir_page."a", weir_page."b" LIMIT $3::int8');
  assert.equal(
    paged(['-a', '-b']),
    '(weir_page."a", weir_page."b") < ($1, $2) ORDER BY weir_page."a" DESC, weir_page."b" DESC LIMIT $3::int8',
  );
  assert.match(
    paged(['a', '-b', 'c']),
    /^\(weir_page."a" >= \$1 AND \(weir_page."a" > \$1 OR \(weir_page."b" <= \$2 AND \(weir_page."b" < \$2 OR weir_page."c" > \$3\)\)\)\)/,
  );
  assert.match(errorsOf({ sql: 'SELECT a FROM t ORDER BY a', page: { sort: ['a'] } })[0]!, /ORDER, which paging adds itself/);
  assert.match(errorsOf({ sql: 'SELECT a FROM t', page: { sort: ['a'], sizeDefault: 9, sizeMax: 5 } })[0]!, /more than sizeMax/);
  for (const sql of [
    'SELECT a FROM t, u',
    'SELECT a FROM t JOIN u USING (a)',
    'SELECT a FROM t UNION SELECT a FROM u',
    'SELECT a FROM t GROUP BY a',
    'SELECT a FROM f(1)',
  ]) {
    assert.equal(compiled({ sql, page: { sort: ['a'] } }).page?.table, undefined, sql);
  }
  assert.equal(
    compiled({ sql: 'SELECT a FROM T AS x <where> a IN (SELECT b FROM u) </where>', page: { sort: ['a'] } }).page?.table?.table,
    't',
  );
  assert.equal(compiled({ sql: 'SELECT a FROM "T" x', page: { sort: ['a'] } }).page?.table?.table, 'T');
});

test('OpenAPI of an API names parameters, columns, paging and problems', () => {
  const api = {
    ...compiled(EXAMPLE),
    columns: [
      { name: 'invoice_id', type: 'int32' as const },
      { name: 'total', type: 'decimal' as const },
    ],
  };
  const { get } = compiler.openApi(api, EXAMPLE.path, [{ apiKey: [] }]) as {
    get: { parameters: { name: string }[]; responses: Record<string, { content: Record<string, { schema: Record<string, unknown> }> }> };
  };
  assert.deepEqual(
    get.parameters.map((p) => p.name),
    ['customer_id', 'from', 'page_size', 'cursor'],
  );
  assert.deepEqual(Object.keys(get.responses).sort(), ['200', '400', '401', '422', '429', '502', '503', '504']);
  const schema = get.responses['200']!.content['application/json']!.schema as { items: { properties: Record<string, unknown> } };
  assert.deepEqual(Object.keys(schema.items.properties), ['invoice_id', 'total']);
  // Each text of ours stands in both languages; who reads it chooses.
  const text = JSON.stringify(get.responses) + JSON.stringify(get.parameters.slice(2));
  assert.equal(text.split('"description":').length, text.split('"x-zh":').length);
});
