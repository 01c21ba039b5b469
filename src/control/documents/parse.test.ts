/**
 * Aim: any text is read without harm, and every mistake has its place. Method: a corpus of bad and odd YAML,
 * seeded cuts of a good file at every byte, and a seeded round of random bytes.
 */
import { verbatim } from '../../base/text.ts';
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Alias } from 'yaml';
import { seededRandom } from '../../base/random.ts';
import { locate, parseDocuments } from './parse.ts';
import { joinDocuments, splitDocuments } from './split.ts';

const GOOD =
  `# head\napiVersion: weir/v1\nkind: Plan\nmetadata: { name: gold } # c\nspec:\n  text: |\n` +
  `    --- not a marker\n    two\n---\n\n# second\nkind: B\n...\n--- {kind: C}\n`;

test('SQL that YAML cut at a bind is told, with what to write instead', () => {
  const cut = 'kind: DataApi\nspec:\n  sql: SELECT * FROM t WHERE id = #{id}\n';
  const [document] = parseDocuments(cut, 'api.yaml');
  assert.deepEqual(
    document!.problems.map(({ pointer, line }) => [pointer, line]),
    [['/spec/sql', 3]],
  );
  assert.match(JSON.stringify(document!.problems[0]!.detail), /sql: \|/);
  for (const fine of ['sql: |\n    SELECT #{id}', 'sql: "SELECT #{id}"', 'sql: SELECT 1 # a note', 'sql: SELECT(#{id})'])
    assert.deepEqual(parseDocuments(`spec:\n  ${fine}\n`)[0]!.problems, [], fine);
});

test('documents keep their words and their lines', () => {
  const slices = splitDocuments(`\uFEFF${GOOD.replaceAll('\n', '\r\n')}`);
  assert.deepEqual(
    slices.map((s) => s.line),
    [1, 11, 14],
  );
  assert.equal(slices[0]!.text, GOOD.slice(0, GOOD.indexOf('---\n\n')));
  assert.deepEqual(
    parseDocuments(GOOD).map((d) => (d.value as { kind: string }).kind),
    ['Plan', 'B', 'C'],
  );
  assert.deepEqual(
    splitDocuments(joinDocuments(slices.map((s) => s.text))).map((s) => s.text),
    slices.map((s) => s.text),
  );
  assert.deepEqual(splitDocuments('# only words\n---\n\n---\n'), []);
});

test('every pointer has its line, a missing member that of its holder', () => {
  const [document] = parseDocuments(
    '\n\nkind: A\nmetadata:\n  name: x\nspec:\n  list:\n    - a\n    - b: 1\n  sql: |\n    SELECT 1\n    FROM t\n',
    'f.yaml',
  );
  const lines = ['/kind', '/metadata/name', '/spec/list/1/b', '/spec/none/deep', '', '/spec/list/0'].map(
    (pointer) => locate(document!, [{ pointer, detail: verbatim('') }])[0]!.line,
  );
  assert.deepEqual(lines, [3, 5, 9, 6, 3, 8]);
  assert.equal(locate(document!, [{ pointer: '/spec/sql', detail: verbatim(''), line: 2 }])[0]!.line, 12);
  assert.equal(locate(document!, [{ pointer: '/kind', detail: verbatim('') }])[0]!.file, 'f.yaml');
});

const BAD: readonly (readonly [string, string, RegExp, number])[] = [
  ['an open bracket', 'a: [1, 2\nb: 3\n', /cannot be read as YAML/, 2],
  ['an open quote', 'a: 1\nb: "x\n', /cannot be read as YAML.*quote/, 2],
  ['a tab as indentation', 'a:\n\tb: 1\n', /cannot be read as YAML/, 2],
  ['a key twice', 'a: 1\nb: 2\na: 3\n', /^is here twice/, 3],
  ['a bad indentation', 'a:\n  b: 1\n c: 2\n', /cannot be read as YAML/, 3],
  ['an unknown anchor', 'a: *nope\n', /anchor "nope"/, 1],
  ['a tag', 'a: !!binary aGk=\n', /tag/, 1],
  ['an own tag', 'a: !thing 1\n', /cannot be read|tag/i, 1],
  ['a directive', '%YAML 1.1\n---\na: 1\n', /directive/, 1],
  ['an integer above 2^53', 'a: 1\nb: 9007199254740993\n', /9007199254740993, too large.*quotes/, 2],
  ['not a number', 'a: .nan\n', /not a number JSON can hold/, 1],
  ['a list as a key', '? [x]\n: 1\n', /not a plain word/, 1],
  ['a zero byte', 'a: \0\n', /zero byte/, 1],
  ['deep brackets', `a: ${'['.repeat(3000)}${']'.repeat(3000)}\n`, /too deeply/, 1],
  ['deeper brackets', '['.repeat(300_000), /too deeply/, 1],
  ['deep lists', `${'- '.repeat(100_000)}x`, /too deeply/, 1],
  ['deep keys', `${'? '.repeat(100_000)}x`, /too deeply/, 1],
  ['one huge document', `a: ${'x'.repeat(500_000)}`, /more than 400000 characters/, 1],
  ['a reference to itself', 'a: &a [*a]\n', /too deeply|anchor/, 1],
];

for (const [name, text, expected, line] of BAD) {
  test(`refuses ${name}`, () => {
    const [first] = parseDocuments(text, 'bad.yaml').flatMap((document) => document.problems);
    assert.match(first?.detail.en ?? 'nothing found', expected);
    assert.deepEqual([first!.file, first!.line], ['bad.yaml', line]);
  });
}

test('aliases that multiply are bounded', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghij'.split('').map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`),
  ].join('\n');
  const [document] = parseDocuments(bomb);
  assert.match(document!.problems[0]!.detail.en, /more than 50000 values/);
});

test('limits on size and number are one clear sentence', () => {
  assert.match(parseDocuments('a'.repeat(100), undefined, { bytesMax: 99, documentsMax: 9 })[0]!.problems[0]!.detail.en, /larger than 99B/);
  assert.match(
    parseDocuments('a: 1\n---\n'.repeat(5), undefined, { bytesMax: 999, documentsMax: 4 })[0]!.problems[0]!.detail.en,
    /5 documents, more than 4/,
  );
});

test('an alias is the last anchor of its name before it, and thousands of them do not hold up the reader', () => {
  const [twice] = parseDocuments('a: &x 1\nb: *x\nc: &x 2\nd: [*x, *x]\n');
  assert.deepEqual(twice!.value, { a: 1, b: 1, c: 2, d: [2, 2] });
  const [later] = parseDocuments('a: *x\nb: &x 1\n');
  assert.match(later!.problems[0]!.detail.en, /anchor "x", which is not set before it/);
  assert.match(parseDocuments('a: &x [*x]\n')[0]!.problems[0]!.detail.en, /nested too deeply/);
  // Its own search walks the whole document for each alias: 10,000 of them took a minute.
  const search = mock.method(Alias.prototype, 'resolve');
  const [many] = parseDocuments(`a: &x 1\nb: [${Array(10_000).fill('*x').join(',')}]\n`);
  search.mock.restore();
  assert.equal((many!.value as { b: number[] }).b.length, 10_000);
  assert.equal(search.mock.callCount(), 0);
});

test('JSON is read too, `__proto__` is a plain name', () => {
  assert.deepEqual(parseDocuments('{\n\t"kind": "A",\n\t"spec": {"a": [1, null, true, "x"]}\n}')[0]!.value, {
    kind: 'A',
    spec: { a: [1, null, true, 'x'] },
  });
  const [document] = parseDocuments('{"__proto__": {"polluted": true}, "a": 1}');
  assert.deepEqual(Object.keys(document!.value as object), ['__proto__', 'a']);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('a good file cut anywhere, and random bytes, never throw', () => {
  for (let end = 0; end <= GOOD.length; end++) parseDocuments(GOOD.slice(0, end));
  const random = seededRandom(11);
  const alphabet = `abc:{}[]"'|>-&*!%#,? \n\t\\0123456789.~@\``;
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: random.integer(60) }, () => alphabet[random.integer(alphabet.length)]).join('');
    for (const document of parseDocuments(text)) if (document.problems.length === 0) JSON.stringify(document.value);
  }
});
