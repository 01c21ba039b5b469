/**
 * Aim: what a pipeline will do is decided before a byte moves, and every impossible choice has its own
 * clear problem without stopping the other streams. Method: pure calls with made-up discovered streams.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../base/problem.ts';
import type { ColumnType, StreamSchema } from '../sdk/record.ts';
import { matchStreams } from './pattern.ts';
import { planStreams } from './plan.ts';
import { readSettings } from './settings.ts';

function stream(name: string, over: Partial<StreamSchema> = {}): StreamSchema {
  const [table = name, namespace] = name.split('.').reverse();
  const column = (columnName: string, type: ColumnType) => ({ name: columnName, type, nullable: false, sourceType: type });
  return {
    name,
    namespace,
    table,
    primaryKey: ['id'],
    uniqueKeys: [['id']],
    rowsEstimate: undefined,
    columns: [column('id', 'int64'), column('updated_at', 'timestamp'), column('note', 'text'), column('extra', 'json')],
    ...over,
  };
}

function plan(spec: { streams: unknown[]; sink?: object; mode?: unknown }, discovered: StreamSchema[]) {
  const settings = readSettings({
    project: 'p',
    name: 'copy',
    release: 'r',
    spec: {
      source: {
        connection: 'from',
        streams: spec.streams,
      },
      sink: { connection: 'to', ...spec.sink },
      ...(spec.mode ? { mode: spec.mode } : {}),
    },
  });
  return planStreams(settings, discovered, 100);
}
const INCREMENTAL = { incremental: { cursor: 'updated_at' } };
const codes = (refused: readonly { stream: string; problem: Problem }[]) =>
  refused.map((r) => [r.stream, r.problem.code.replace('core/pipeline/', '')]);

test('patterns: `*` stands for any characters, case counts, the first entry that names a stream wins', () => {
  const streams = ['public.orders', 'public.Orders', 'public.order_items', 'sales.orders', 'public._weir_checkpoint'].map((n) => stream(n));
  const names = (patterns: string[]) =>
    matchStreams(
      patterns.map((name) => ({ name })),
      streams,
    ).matched.map((m) => `${m.options.name}=${m.stream.name}`);
  assert.deepEqual(names(['public.*']), ['public.*=public.orders', 'public.*=public.Orders', 'public.*=public.order_items']);
  assert.deepEqual(names(['*.orders']), ['*.orders=public.orders', '*.orders=sales.orders']);
  assert.deepEqual(names(['p*.*r*s']), ['p*.*r*s=public.orders', 'p*.*r*s=public.Orders', 'p*.*r*s=public.order_items']);
  assert.deepEqual(names(['sales.orders', '*orders']), ['sales.orders=sales.orders', '*orders=public.orders']);
  assert.deepEqual(names(['public.ord*ders']), [], 'the two ends of a pattern must not overlap');
  assert.deepEqual(
    names(['public._weir_checkpoint']),
    ['public._weir_checkpoint=public._weir_checkpoint'],
    'own tables only by their full name',
  );
});

test('targets take schema and prefix; options of the matching entry count', () => {
  const { streams, refused } = plan(
    {
      streams: [{ name: 'public.orders', target: 'o', write: 'append', mode: 'full' }, '*'],
      sink: { schema: 'wh', prefix: 'erp_' },
      mode: INCREMENTAL,
    },
    [stream('public.orders'), stream('public.items')],
  );
  assert.deepEqual(refused, []);
  assert.deepEqual(
    streams.map((s) => [s.stream.name, s.namespace, s.table, s.mode.type, s.write, s.key]),
    [
      ['public.orders', 'wh', 'erp_o', 'full', 'append', []],
      ['public.items', 'wh', 'erp_items', 'incremental', 'upsert', ['id']],
    ],
  );
});

test('keys: as named, else primary, else unique; incremental order takes the same choice', () => {
  const keyless = { primaryKey: [], uniqueKeys: [] };
  const { streams, refused } = plan({ streams: ['a', { name: 'b', key: ['note'] }, 'c', 'd'], mode: INCREMENTAL }, [
    stream('a'),
    stream('b', keyless),
    stream('c', { primaryKey: [], uniqueKeys: [['note', 'id']] }),
    stream('d', keyless),
  ]);
  assert.deepEqual(
    streams.map((s) => [s.stream.name, s.key, s.mode.type === 'incremental' && s.mode.key]),
    [
      ['a', ['id'], ['id']],
      ['b', ['note'], []],
      ['c', ['note', 'id'], ['note', 'id']],
    ],
  );
  assert.deepEqual(codes(refused), [['d', 'upsert-without-key']]);
});

test('each impossible choice has its problem, and the others still run', () => {
  const discovered = ['good', 'gone_cursor', 'json_cursor', 'narrow', 'replaced', 'typo'].map((n) => stream(n));
  const { streams, refused } = plan(
    {
      mode: INCREMENTAL,
      streams: [
        'good',
        'missing',
        'nothing*',
        { name: 'gone_cursor', mode: { incremental: { cursor: 'updated_ta' } } },
        { name: 'json_cursor', mode: { incremental: { cursor: 'extra' } } },
        { name: 'narrow', columns: ['id', 'note'] },
        { name: 'replaced', write: 'replace' },
        { name: 'typo', columns: ['id', 'updated_at', 'note '] },
      ],
    },
    discovered,
  );
  assert.deepEqual(
    streams.map((s) => s.stream.name),
    ['good'],
  );
  assert.deepEqual(codes(refused), [
    ['missing', 'no-stream'],
    ['nothing*', 'no-stream'],
    ['gone_cursor', 'no-column'],
    ['json_cursor', 'cursor-type'],
    ['narrow', 'column-not-carried'],
    ['replaced', 'replace-incremental'],
    ['typo', 'no-column'],
  ]);
  assert.match(refused.find((r) => r.stream === 'gone_cursor')!.problem.message, /did you mean updated_at\?/);
});

test('two streams never mix in one table, and none is written onto itself', () => {
  const clash = plan({ streams: ['*'] }, [stream('a.T'), stream('b.t'), stream('b.u')]);
  assert.deepEqual(
    clash.streams.map((s) => s.stream.name),
    ['b.u'],
  );
  assert.deepEqual(codes(clash.refused), [
    ['a.T', 'target-taken'],
    ['b.t', 'target-taken'],
  ]);
  const self = plan({ streams: ['public.a', { name: 'public.b', target: 'c' }], sink: { connection: 'from' } }, [
    stream('public.a'),
    stream('public.b'),
  ]);
  assert.deepEqual(codes(self.refused), [['public.a', 'target-is-source']]);
});

test('columns: only the chosen ones are carried, in the source’s order; a key that loses a column is none', () => {
  const { streams } = plan({ streams: [{ name: 'a', columns: ['note', 'updated_at'], write: 'append' }], mode: INCREMENTAL }, [
    stream('a'),
  ]);
  assert.deepEqual(
    streams[0]!.stream.columns.map((c) => c.name),
    ['updated_at', 'note'],
  );
  assert.deepEqual(streams[0]!.stream.primaryKey, []);
  assert.match(streams[0]!.notes[0]!.text.en, /at least once/);
});

test('another source, target, cursor, order or set of columns begins with a position of its own', () => {
  const name = (spec: Parameters<typeof plan>[0]) => plan(spec, [stream('a')]).streams[0]!.position;
  const variants = [
    name({ streams: ['a'], mode: INCREMENTAL }),
    name({ streams: ['a'] }),
    name({ streams: ['a'], mode: { incremental: { cursor: 'id' } } }),
    name({ streams: ['a'], mode: { incremental: { cursor: 'updated_at', key: ['note', 'id'] } } }),
    name({ streams: ['a'], sink: { schema: 's' }, mode: INCREMENTAL }),
    name({ streams: [{ name: 'a', target: 'b' }], mode: INCREMENTAL }),
    name({ streams: [{ name: 'a', columns: ['id', 'updated_at'] }], mode: INCREMENTAL }),
  ];
  assert.equal(new Set(variants).size, variants.length);
  assert.equal(name({ streams: ['*'], mode: { incremental: { cursor: 'updated_at', lookback: '5m' } } }), variants[0]);
  const appended = (columns: string[]) => name({ streams: [{ name: 'a', write: 'append', columns }], mode: INCREMENTAL });
  assert.equal(appended(['id', 'updated_at']), appended(['id', 'updated_at', 'note']), 'append must not read rows again');
});

test('what a choice cannot see is said', () => {
  const notes = (spec: Parameters<typeof plan>[0], s = stream('a')) =>
    plan(spec, [s])
      .streams[0]!.notes.map((n) => `${n.level} ${n.text.en}`)
      .join('\n');
  assert.match(notes({ streams: ['a'], mode: INCREMENTAL }), /deleted rows are not seen/);
  assert.match(notes({ streams: ['a'] }), /rows deleted at the source stay/);
  assert.match(notes({ streams: ['a'], sink: { write: 'append' } }), /warn .*every run adds all rows again/);
  assert.match(notes({ streams: ['a'], mode: { incremental: { cursor: 'updated_at', key: ['note'] } } }), /warn .*at your word/);
  assert.equal(notes({ streams: ['a'], sink: { write: 'replace' } }), '');
});
