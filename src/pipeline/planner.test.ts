/**
 * Aim: the plan shown before a pipeline is saved is the run's own, with what people must know to judge it.
 * Method: pure calls with made-up schemas of both sides.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column, ColumnType, StreamSchema } from '../sdk/record.ts';
import { fitOf } from './column-fit.ts';
import { createPipelinePlanner } from './planner.ts';

const planner = createPipelinePlanner(100);
const column = (name: string, type: ColumnType, over: Partial<Column> = {}): Column => ({
  name,
  type,
  nullable: false,
  sourceType: type,
  ...over,
});
const stream = (name: string, columns: Column[], over: Partial<StreamSchema> = {}): StreamSchema => {
  const [table = name, namespace] = name.split('.').reverse();
  return { name, namespace, table, columns, primaryKey: ['id'], uniqueKeys: [['id']], rowsEstimate: 7, ...over };
};
const source = [
  stream('public.orders', [
    column('id', 'int64'),
    column('created_at', 'timestamp'),
    column('updated_at', 'timestamptz'),
    column('total', 'decimal'),
  ]),
];
const spec = { source: { connection: 'from', streams: ['public.orders'] }, sink: { connection: 'to' } };

test('a spec is read for the connections it names, or every mistake is told', () => {
  assert.deepEqual(planner.read(spec), { ok: true, source: 'from', sink: 'to' });
  const wrong = planner.read({ source: { connection: 'from' } });
  assert.ok(!wrong.ok);
  assert.deepEqual(
    wrong.errors.map((e) => e.pointer),
    ['/source/streams', '/sink'],
  );
});

test('what is there already decides the types; what is not is made; a silent target leaves them open', () => {
  const target = [
    stream('public.orders', [column('id', 'int32', { sourceType: 'integer' }), column('created_at', 'json', { sourceType: 'jsonb' })]),
  ];
  const sides = { source, typeOf: (c: Column) => `made ${c.type}`, namespace: 'public' };
  const [planned] = planner.plan('p', 'n', spec, { ...sides, target }).streams;
  assert.deepEqual(
    planned!.columns.map((c) => [c.name, c.targetType, c.fit]),
    [
      ['id', 'integer', 'narrower'],
      ['created_at', 'jsonb', 'conflict'],
      ['updated_at', 'made timestamptz', 'new'],
      ['total', 'made decimal', 'new'],
    ],
  );
  assert.equal(planned!.targetExists, true);
  assert.equal(planner.plan('p', 'n', spec, { ...sides, target: [] }).streams[0]!.targetExists, false);
  const silent = planner.plan('p', 'n', spec, { ...sides, target: undefined }).streams[0]!;
  assert.deepEqual([silent.targetExists, silent.columns[0]!.fit], [undefined, undefined]);
  assert.match(planned!.notes[0]!.text.zh, /留在目标/, 'what a full upsert cannot see');
});

test('likely cursors come first, and a refused stream keeps them', () => {
  const cursors = ['updated_at', 'id', 'created_at'];
  const sides = { source, target: undefined, typeOf: undefined, namespace: undefined };
  assert.deepEqual(
    planner.plan('p', 'n', spec, sides).streams[0]!.cursors.map((c) => c.column),
    cursors,
  );
  const { refused } = planner.plan('p', 'n', { ...spec, mode: { incremental: { cursor: 'gone' } } }, sides);
  assert.deepEqual([refused[0]!.problem.code, refused[0]!.found!.cursors.map((c) => c.column)], ['core/pipeline/no-column', cursors]);
  assert.equal(planner.plan('p', 'n', { ...spec, source: { connection: 'from', streams: ['none'] } }, sides).refused[0]!.found, undefined);
});

test('which values fit which column', () => {
  const cases: [Partial<Column> & { type: ColumnType }, Partial<Column> & { type: ColumnType }, string][] = [
    [{ type: 'int32' }, { type: 'int64' }, 'same'],
    [{ type: 'int64' }, { type: 'int32' }, 'narrower'],
    [{ type: 'int64' }, { type: 'decimal', precision: 19, scale: 0 }, 'same'],
    [{ type: 'int64' }, { type: 'decimal', precision: 10, scale: 2 }, 'narrower'],
    [{ type: 'decimal', precision: 10, scale: 2 }, { type: 'decimal', precision: 12, scale: 4 }, 'same'],
    [{ type: 'decimal', precision: 10, scale: 2 }, { type: 'decimal', precision: 10, scale: 4 }, 'narrower'],
    [{ type: 'decimal' }, { type: 'decimal', precision: 10, scale: 4 }, 'narrower'],
    [{ type: 'text', length: 80 }, { type: 'text', length: 40 }, 'narrower'],
    [{ type: 'text' }, { type: 'text' }, 'same'],
    [{ type: 'uuid' }, { type: 'text' }, 'same'],
    [{ type: 'text' }, { type: 'int64' }, 'narrower'],
    [{ type: 'json' }, { type: 'int64' }, 'conflict'],
    [{ type: 'bytes' }, { type: 'decimal' }, 'conflict'],
    [{ type: 'timestamp' }, { type: 'date' }, 'narrower'],
  ];
  for (const [from, to, fit] of cases) assert.equal(fitOf(from, to), fit, JSON.stringify([from, to]));
});
