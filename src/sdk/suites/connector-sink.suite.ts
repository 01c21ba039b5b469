/** Conformance of sinks, run by `connectorSuite`: exactly once, misfits, fencing, the rules of replace. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../base/problem.ts';
import type { Connector, ConnectorComponent, SinkTarget, WriteMode } from '../connector.ts';
import type { Column, Position, StreamSchema } from '../record.ts';
import { batchOf, connect, SUITE_COLUMNS, suiteStream, type SuiteTools } from './connector-tools.ts';

export interface SinkFixture {
  /** Namespace to write into; undefined where there are none. */
  readonly namespace: string | undefined;
  /** All rows of a target table as texts, ordered by the first column; null when there is no such table. */
  readonly readTarget: (table: string) => Promise<(string | null)[][] | null>;
  /** Makes a table that Weir does not own, with the suite's columns and one row. */
  readonly makeForeign: (table: string) => Promise<void>;
}

type Cells = (string | null)[];
const T1 = '2025-01-01 00:00:00.000001';
const row = (id: number, name: string | null = `n${id}`, amount = '1.50'): Cells => [String(id), name, amount, T1];

/** Registers the tests of a sink. */
export function sinkSuite(
  component: ConnectorComponent,
  config: Readonly<Record<string, unknown>>,
  tools: SuiteTools,
  fixture: SinkFixture,
): void {
  const sink = (name: string, work: (at: At) => Promise<void>) =>
    test(`${component.id} sink: ${name}`, async () => {
      const connector = connect(component, config, tools);
      try {
        await work(new At(connector, fixture));
      } finally {
        await connector.close();
      }
    });
  sink('rows and position become durable together, and are found again', commitTogether);
  sink('what was not committed is gone', uncommittedGone);
  for (const write of ['append', 'upsert', 'replace'] as const)
    sink(`${write}: a value that does not fit names its row and changes nothing`, (at) => misfits(at, write));
  sink('append: a duplicate key names its row and changes nothing', duplicateKey);
  sink('upsert: replay changes nothing, of equal keys the last wins', upsertReplay);
  sink('a smaller epoch can neither open nor commit', fencing);
  sink('replace swaps the whole contents with its position', replaceSwaps);
  sink('replace by nothing is refused unless allowed', replaceEmpty);
  sink('a table that Weir did not make is neither replaced nor altered unless adopted', foreignTable);
  sink('a column the source gained is added, one it lost is told', columnsChange);
  sink('names are kept to the letter', exactNames);
}

/** A sink under test, with short words for what the tests do. */
class At {
  readonly connector: Connector;
  readonly fixture: SinkFixture;
  constructor(connector: Connector, fixture: SinkFixture) {
    this.connector = connector;
    this.fixture = fixture;
  }
  open(table: string, write: WriteMode, more: Partial<SinkTarget> = {}) {
    const schema = more.schema ?? suiteStream(table);
    const target: SinkTarget = {
      pipeline: 'suite/p',
      stream: schema.name,
      run: 'run-1',
      epoch: 1,
      namespace: this.fixture.namespace,
      table,
      schema,
      write,
      key: write === 'upsert' ? ['id'] : [],
      adopt: false,
      allowEmpty: false,
      ...more,
    };
    return this.connector.sink!.open(target, signal());
  }
  /** One whole session: open, write, commit or finish, close. */
  async load(table: string, write: WriteMode, rows: Cells[], more: Partial<SinkTarget> = {}, position: Position | null = null) {
    const session = await this.open(table, write, more);
    try {
      const schema = more.schema ?? suiteStream(table);
      if (rows.length > 0) await session.write(batchOf(schema, rows), signal());
      return await (write === 'replace' ? session.finish(signal()) : session.commit(position, signal()));
    } finally {
      await session.close();
    }
  }
  async ids(table: string): Promise<string[] | null> {
    return (await this.fixture.readTarget(table))?.map((cells) => cells[0]!) ?? null;
  }
  async names(table: string): Promise<(string | null)[] | null> {
    return (await this.fixture.readTarget(table))?.map((cells) => cells[1]!) ?? null;
  }
}

async function commitTogether(at: At): Promise<void> {
  const first = await at.open('together', 'append');
  assert.equal(first.checkpoint, null);
  await first.write(batchOf(suiteStream('together'), [row(1), row(2)]), signal());
  const position = { cursor: T1, key: ['2'] };
  const saved = await first.commit(position, signal());
  assert.deepEqual({ position: saved.position, run: saved.run, rows: saved.rows }, { position, run: 'run-1', rows: 2 });
  await first.write(batchOf(suiteStream('together'), [row(3)]), signal());
  await first.commit({ cursor: T1, key: ['3'] }, signal());
  await first.close();
  await first.close();
  assert.deepEqual(await at.ids('together'), ['1', '2', '3']);
  const again = await at.open('together', 'append', { epoch: 2 });
  assert.deepEqual(again.checkpoint?.position, { cursor: T1, key: ['3'] });
  await again.close();
}

async function uncommittedGone(at: At): Promise<void> {
  await at.load('undone', 'append', [row(1)], {}, { cursor: T1, key: ['1'] });
  const session = await at.open('undone', 'append');
  await session.write(batchOf(suiteStream('undone'), [row(2)]), signal());
  await session.close();
  assert.deepEqual(await at.ids('undone'), ['1']);
  const again = await at.open('undone', 'append');
  assert.deepEqual(again.checkpoint?.position, { cursor: T1, key: ['1'] });
  await again.close();
}

const MISFITS: readonly { readonly column: string; readonly cells: Cells }[] = [
  { column: 'name', cells: ['7', 'x'.repeat(41), '1.00', T1] },
  { column: 'amount', cells: ['7', 'x', '123456789.00', T1] },
  { column: 'amount', cells: ['7', 'x', 'twelve', T1] },
  { column: 'stamp', cells: ['7', 'x', '1.00', 'yesterday noon'] },
  { column: 'id', cells: ['9223372036854775808', 'x', '1.00', T1] },
];

async function misfits(at: At, write: WriteMode): Promise<void> {
  const table = `misfit_${write}`;
  await at.load(table, write, [row(1), row(2)], {}, { cursor: T1, key: ['2'] });
  for (const { column, cells } of MISFITS) {
    await assert.rejects(
      async () => at.load(table, write, [row(5), row(6), cells, row(8)], { epoch: 2 }, { cursor: T1, key: ['8'] }),
      (error: Problem) => {
        assert.ok(error instanceof Problem, String((error as Error).stack));
        assert.match(error.code, /\/value-does-not-fit$/, error.message);
        assert.equal(error.options.values?.['key'], `id=${cells[0]}`);
        assert.equal(error.options.values?.['column'], column);
        return true;
      },
    );
    assert.deepEqual(await at.ids(table), ['1', '2']);
  }
  const session = await at.open(table, write, { epoch: 3 });
  assert.deepEqual(session.checkpoint?.position, write === 'replace' ? null : { cursor: T1, key: ['2'] });
  await session.close();
  await assert.rejects(async () => at.load(`${table}_new`, write, [[...MISFITS[2]!.cells]]), Problem);
  assert.equal(await at.ids(`${table}_new`), null, 'a first load that fails leaves no table behind');
}

async function duplicateKey(at: At): Promise<void> {
  await at.load('doubled', 'append', [row(1), row(2)]);
  for (const rows of [
    [row(3), row(2)],
    [row(4), row(4)],
  ]) {
    await assert.rejects(
      async () => at.load('doubled', 'append', rows),
      (error: Problem) => error.code.endsWith('/duplicate-key') && error.options.values?.['key'] === `id=${rows[1]![0]}`,
    );
    assert.deepEqual(await at.ids('doubled'), ['1', '2']);
  }
}

async function upsertReplay(at: At): Promise<void> {
  await at.load('replayed', 'upsert', [row(1), row(2), row(3)]);
  await at.load('replayed', 'upsert', [row(2), row(3)]);
  assert.deepEqual(await at.names('replayed'), ['n1', 'n2', 'n3']);
  await at.load('replayed', 'upsert', [row(2, 'first'), row(4), row(2, 'last'), row(3, null)]);
  assert.deepEqual(await at.names('replayed'), ['n1', 'last', null, 'n4']);
}

async function fencing(at: At): Promise<void> {
  const fenced = (error: Problem) => error.code.endsWith('/fenced');
  const old = await at.open('fenced', 'upsert', { epoch: 4 });
  await old.write(batchOf(suiteStream('fenced'), [row(1)]), signal());
  const young = await at.open('fenced', 'upsert', { epoch: 5 });
  await assert.rejects(async () => old.commit(null, signal()), fenced);
  await old.close();
  await assert.rejects(async () => at.open('fenced', 'upsert', { epoch: 4 }), fenced);
  await young.write(batchOf(suiteStream('fenced'), [row(2)]), signal());
  await young.commit(null, signal());
  await young.close();
  assert.deepEqual(await at.ids('fenced'), ['2']);
}

async function replaceSwaps(at: At): Promise<void> {
  for (const primaryKey of [['id'], []]) {
    const table = `swapped_${primaryKey.length}`;
    const schema = suiteStream(table, SUITE_COLUMNS, primaryKey);
    await at.load(table, 'replace', [row(1), row(2), row(3)], { schema });
    const saved = await at.load(table, 'replace', [row(2, 'changed'), row(3), row(9)], { schema });
    assert.equal(saved.rows, 3);
    assert.deepEqual(await at.names(table), ['changed', 'n3', 'n9']);
  }
}

async function replaceEmpty(at: At): Promise<void> {
  await at.load('emptied', 'replace', []);
  await at.load('emptied', 'replace', [row(1), row(2)]);
  await assert.rejects(
    async () => at.load('emptied', 'replace', []),
    (error: Problem) => error.code.endsWith('/replace-empty'),
  );
  assert.deepEqual(await at.ids('emptied'), ['1', '2']);
  await at.load('emptied', 'replace', [], { allowEmpty: true });
  assert.deepEqual(await at.ids('emptied'), []);
}

async function foreignTable(at: At): Promise<void> {
  await at.fixture.makeForeign('foreign_one');
  const before = await at.fixture.readTarget('foreign_one');
  const refused = (error: Problem) => error.code.endsWith('/not-owned');
  await assert.rejects(async () => at.load('foreign_one', 'replace', [row(5)]), refused);
  const wider = { ...suiteStream('foreign_one'), columns: [...SUITE_COLUMNS, extra] };
  await assert.rejects(async () => at.load('foreign_one', 'upsert', [[...row(5), 'x']], { schema: wider }), refused);
  assert.deepEqual(await at.fixture.readTarget('foreign_one'), before);
  await at.load('foreign_one', 'replace', [row(5)], { adopt: true });
  assert.deepEqual(await at.ids('foreign_one'), ['5']);
}

const extra: Column = { name: 'extra', type: 'text', nullable: true, sourceType: 'text' };

async function columnsChange(at: At): Promise<void> {
  const wider: StreamSchema = { ...suiteStream('changing'), columns: [...SUITE_COLUMNS, extra] };
  await at.load('changing', 'upsert', [row(1)]);
  await at.load('changing', 'upsert', [[...row(2), 'new']], { schema: wider });
  assert.deepEqual(
    (await at.fixture.readTarget('changing'))?.map((cells) => cells[4]),
    [null, 'new'],
  );
  await assert.rejects(
    async () => at.load('changing', 'upsert', [row(3)]),
    (error: Problem) => error.code.endsWith('/column-dropped') && error.message.includes('extra'),
  );
  assert.deepEqual(await at.ids('changing'), ['1', '2']);
}

async function exactNames(at: At): Promise<void> {
  const columns = SUITE_COLUMNS.map((column) => ({ ...column, name: column.name === 'name' ? 'Näme "q" 名' : column.name }));
  await at.load('Exact "T" 表', 'upsert', [row(1, 'v')], { schema: suiteStream('Exact "T" 表', columns) });
  await at.load('Exact "T" 表', 'upsert', [row(1, 'w')], { schema: suiteStream('Exact "T" 表', columns) });
  assert.deepEqual(await at.names('Exact "T" 表'), ['w']);
}

function signal(): AbortSignal {
  return AbortSignal.timeout(30_000);
}
