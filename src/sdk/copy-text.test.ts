/**
 * Aim: what is encoded is decoded the same, wherever it is cut. Method: seeded texts full of what COPY escapes, checked
 * against plain strings.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/random.ts';
import {
  bytesCell,
  cellEnds,
  copyWriter,
  countRows,
  decodeCell,
  decodeRow,
  decodeRows,
  describeKey,
  encodeCell,
  endOfRows,
  escapeCell,
  lastPosition,
  rowRange,
  splitRows,
} from './copy-text.ts';

const PIECES = ['\t', '\n', '\r', '\\', '\b', '\f', '\v', '\\N', '\\.', 'N', 'a', '', ' ', '堰', '😀', '\u0000', 'n', 't', 'ÿ', '\u2028'];
const random = seededRandom(42);
const text = () => Array.from({ length: random.integer(8) }, () => PIECES[random.integer(PIECES.length)]!).join('');
const table = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => (random.integer(5) === 0 ? null : text())));
const encode = (rows: readonly (readonly (string | null)[])[]) => {
  const writer = copyWriter();
  for (const row of rows) writer.add(row.map(encodeCell).join('\t'));
  return writer.take();
};

test('2,000 tables come back as they went in, and every view of the bytes agrees', () => {
  for (let n = 0; n < 2_000; n++) {
    const columns = 1 + random.integer(4);
    const rows = table(random.integer(6), columns);
    const { data, rows: count } = encode(rows);
    assert.equal(count, rows.length);
    assert.equal(countRows(data), rows.length);
    assert.deepEqual([...decodeRows(data)], rows);
    assert.equal(endOfRows(data), data.length);
    rows.forEach((row, i) => {
      const range = rowRange(data, i)!;
      assert.deepEqual(decodeRow(data, range.start, range.end), row);
      assert.equal(cellEnds(data, range.start, range.end).length, columns);
    });
    assert.equal(rowRange(data, rows.length), undefined);
    if (rows.length > 0)
      assert.deepEqual(lastPosition(data, 0, [columns - 1]), { cursor: rows.at(-1)![0] ?? '', key: [rows.at(-1)!.at(-1) ?? ''] });
    const pieces = splitRows(data, 1 + random.integer(40));
    assert.deepEqual(Buffer.concat(pieces), Buffer.from(data));
    for (const piece of pieces) assert.equal(piece.at(-1), 10, 'every piece ends with a row');
  }
});

test('NULL, empty and a text that reads \\N are three things', () => {
  assert.equal(encodeCell(null), '\\N');
  assert.equal(encodeCell(''), '');
  assert.equal(encodeCell('\\N'), '\\\\N');
  const { data } = encode([[null, '', '\\N']]);
  assert.deepEqual([...decodeRows(data)], [[null, '', '\\N']]);
});

test('escapes of the server are read: letters, and any other character for itself', () => {
  const bytes = Buffer.from('a\\tb\\nc\\\\d\\qe');
  assert.equal(decodeCell(bytes, 0, bytes.length), 'a\tb\nc\\dqe');
  assert.equal(escapeCell('plain 堰'), 'plain 堰');
  assert.equal(bytesCell(new Uint8Array([0, 255, 92])), '\\\\x00ff5c');
});

test('a batch owns its buffer, so that it can be transferred to another thread', () => {
  const writer = copyWriter();
  for (let i = 0; i < 20_000; i++) writer.add(`${i}\tsome text that fills more than one chunk`);
  const { data } = writer.take();
  assert.equal(data.buffer.byteLength, data.byteLength);
  assert.equal(countRows(data), 20_000);
  assert.equal(writer.take().data.length, 0);
});

test('an unfinished row is not a row', () => {
  const bytes = Buffer.from('1\ta\n2\tb');
  assert.equal(countRows(bytes), 1);
  assert.equal(endOfRows(bytes), 4);
  assert.equal(endOfRows(bytes, 3), 0);
  assert.equal(endOfRows(new Uint8Array(0)), 0);
});

test('a key is shown short, and by the first cells where there is none', () => {
  const column = (name: string) => ({ name, type: 'text', nullable: true, sourceType: 'text' }) as const;
  const columns = [column('a'), column('b')];
  assert.equal(describeKey(columns, ['b'], ['1', 'x'.repeat(100)]), `b=${'x'.repeat(77)}…`);
  assert.equal(describeKey(columns, [], ['1', null]), 'a=1, b=null');
});
