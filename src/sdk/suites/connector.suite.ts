/**
 * Conformance of connectors: aim, that whatever is plugged in keeps the guarantees of `sdk/connector.ts`.
 * Method: against a real system that the fixture fills, each promise is tried: bytes not objects, resume after
 * any batch, commit atomic with the checkpoint, replay without effect, misfits that name the row and change
 * nothing, fencing, the rules of replace, aborts. A connector's own test calls `connectorSuite(fixture)`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../base/problem.ts';
import type { CheckStep, Connector, ConnectorComponent, ReadMode } from '../connector.ts';
import { countRows, decodeRows } from '../copy-text.ts';
import type { Batch, Position, StreamSchema } from '../record.ts';
import { componentSuite } from './component.suite.ts';
import { connect, sampleRow, type SuiteRow, type SuiteTools } from './connector-tools.ts';
import { sinkSuite, type SinkFixture } from './connector-sink.suite.ts';

export interface ConnectorFixture {
  readonly component: ConnectorComponent;
  /** A connection that works, in people's form. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tools: SuiteTools;
  /** Connections that do not, with the step that must say so. */
  readonly broken: readonly {
    readonly name: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly step: CheckStep['step'];
  }[];
  /**
   * Makes a stream of `SuiteRow`s: id (whole number, unique), name (text, nullable), amount (two decimals), stamp (nullable
   * time). Answers its name.
   */
  readonly makeStream: (name: string, rows: readonly SuiteRow[]) => Promise<string>;
  /** False for sources without a cursor. */
  readonly incremental: boolean;
  readonly sink?: SinkFixture;
}

/** Runs all conformance tests of a connector, each as a test of its own. */
export function connectorSuite(fixture: ConnectorFixture): void {
  const id = fixture.component.id;
  componentSuite(fixture.component);
  test(`${id}: a good connection passes every step, in order`, async () => goodCheck(fixture));
  for (const broken of fixture.broken)
    test(`${id}: check says at ${broken.step}: ${broken.name}`, async () => brokenCheck(fixture, broken));
  test(`${id}: discover and preview`, async () => discoverAndPreview(fixture));
  test(`${id}: a full read is bytes, whole rows, every row once`, async () => fullRead(fixture));
  test(`${id}: an abort ends a read with the signal's reason`, async () => abortedRead(fixture));
  test(`${id}: a stream that went away is told by name`, async () => goneStream(fixture));
  if (fixture.incremental) {
    test(`${id}: 10,000 rows of one time, stopped and resumed after every batch: nothing lost, nothing double`, async () =>
      resumedRead(fixture));
    test(`${id}: rows without a cursor are counted, not read`, async () => nullCursors(fixture));
  }
  if (fixture.sink) sinkSuite(fixture.component, fixture.config, fixture.tools, fixture.sink);
}

async function goodCheck(fixture: ConnectorFixture): Promise<void> {
  const steps = await collectSteps(fixture, fixture.config);
  const order = ['path', 'dns', 'tcp', 'tls', 'login', 'grant'];
  const places = steps.map((step) => order.indexOf(step.step));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  assert.ok(steps.length > 0);
  for (const step of steps)
    assert.ok(step.ok && step.ms >= 0 && step.detail.en.length > 0 && step.detail.zh.length > 0, JSON.stringify(step));
}

async function brokenCheck(fixture: ConnectorFixture, broken: ConnectorFixture['broken'][number]): Promise<void> {
  const steps = await collectSteps(fixture, broken.config);
  const last = steps.at(-1)!;
  assert.equal(last.step, broken.step, JSON.stringify(steps));
  assert.equal(last.ok, false);
  assert.ok(
    steps.slice(0, -1).every((step) => step.ok),
    'the first failure ends the check',
  );
  const password = String(broken.config['password'] ?? '');
  if (password) assert.ok(!JSON.stringify(steps).includes(password), 'no secret in the steps');
}

async function discoverAndPreview(fixture: ConnectorFixture): Promise<void> {
  const name = await fixture.makeStream(
    'Suite Kept',
    [1, 2, 3].map((n) => sampleRow(n)),
  );
  await using(fixture, async (connector) => {
    const stream = await find(connector, name);
    assert.deepEqual(
      stream.columns.map((column) => column.name),
      ['id', 'name', 'amount', 'stamp'],
    );
    const preview = await connector.preview(stream, 2, signal());
    assertBatch(preview, stream);
    assert.equal(preview.rows, 2);
  });
}

async function fullRead(fixture: ConnectorFixture): Promise<void> {
  // 300 kB: more than one read of any socket, so that a source that gathers everything is seen.
  const rows = Array.from({ length: 500 }, (_, n) => ({ ...sampleRow(n + 1), name: `row ${n} ${'x'.repeat(600)}` }));
  rows[6] = { ...rows[6]!, name: "tab\tnew\nline\rback\\slash \\N \\. 堰 😀 \"quoted, 'text'" };
  rows[7] = { ...rows[7]!, name: '\\N' };
  const name = await fixture.makeStream('suite_full', rows);
  await using(fixture, async (connector) => {
    const stream = await find(connector, name);
    const seen: (string | null)[][] = [];
    let batches = 0;
    for await (const batch of connector.source!.read({ stream, mode: { type: 'full' }, batchBytes: 4096 }, signal())) {
      assertBatch(batch, stream);
      batches++;
      seen.push(...decodeRows(batch.data));
    }
    assert.ok(batches > 1, 'a read of many bytes comes in several batches');
    assert.deepEqual(
      byId(seen).map((row) => [row[0], row[1]]),
      rows.map((row) => [String(row.id), row.name]),
    );
    assert.deepEqual(
      byId(seen).map((row) => Number(row[2])),
      rows.map((row) => Number(row.amount)),
    );
  });
}

async function resumedRead(fixture: ConnectorFixture): Promise<void> {
  const rows = Array.from({ length: 10_000 }, (_, n) => ({ ...sampleRow(n + 1), stamp: '2025-03-01 12:00:00.123456' }));
  const name = await fixture.makeStream('suite_resumed', rows);
  await using(fixture, async (connector) => {
    const stream = await find(connector, name);
    const bound = await connector.source!.bound(stream, 'stamp', 0, signal());
    assert.ok(bound.upTo !== null);
    const ids: number[] = [];
    let after: Position | null = null;
    for (let stops = 0; stops < 200; stops++) {
      const mode: ReadMode = { type: 'incremental', cursor: 'stamp', key: ['id'], after, upTo: bound.upTo };
      let last: Position | undefined;
      for await (const batch of connector.source!.read({ stream, mode, batchBytes: 64 * 1024 }, signal())) {
        assertBatch(batch, stream);
        ids.push(...[...decodeRows(batch.data)].map((row) => Number(row[0])));
        last = batch.last;
        assert.ok(last, 'an incremental batch says where it ends');
        break; // The stop: everything but the position is forgotten.
      }
      if (!last) break;
      after = last;
    }
    assert.deepEqual(
      ids,
      rows.map((row) => row.id),
    );
  });
}

async function nullCursors(fixture: ConnectorFixture): Promise<void> {
  const rows = [1, 2, 3, 4].map((n) => (n % 2 === 0 ? { ...sampleRow(n), stamp: null } : sampleRow(n)));
  const name = await fixture.makeStream('suite_nulls', rows);
  await using(fixture, async (connector) => {
    const stream = await find(connector, name);
    const bound = await connector.source!.bound(stream, 'stamp', 0, signal());
    assert.equal(bound.nullCursors, 2);
    const mode: ReadMode = { type: 'incremental', cursor: 'stamp', key: ['id'], after: null, upTo: bound.upTo! };
    const ids: string[] = [];
    for await (const batch of connector.source!.read({ stream, mode, batchBytes: 4096 }, signal())) {
      ids.push(...[...decodeRows(batch.data)].map((row) => row[0]!));
    }
    assert.deepEqual(ids, ['1', '3']);
  });
}

async function abortedRead(fixture: ConnectorFixture): Promise<void> {
  const name = await fixture.makeStream(
    'suite_aborted',
    Array.from({ length: 2_000 }, (_, n) => sampleRow(n + 1)),
  );
  await using(fixture, async (connector) => {
    const stream = await find(connector, name);
    const controller = new AbortController();
    const reason = new Error('stopped on request');
    await assert.rejects(
      async () => {
        for await (const batch of connector.source!.read({ stream, mode: { type: 'full' }, batchBytes: 1024 }, controller.signal)) {
          assert.ok(batch.rows > 0);
          controller.abort(reason);
        }
      },
      (error) => error === reason,
    );
    await assert.rejects(
      async () => connector.discover(controller.signal),
      (error) => error === reason,
    );
  });
}

async function goneStream(fixture: ConnectorFixture): Promise<void> {
  const name = await fixture.makeStream('suite_there', [sampleRow(1)]);
  await using(fixture, async (connector) => {
    const there = await find(connector, name);
    const stream = { ...there, name: 'suite_gone', table: 'suite_gone' };
    const read = async () => {
      for await (const batch of connector.source!.read({ stream, mode: { type: 'full' }, batchBytes: 4096 }, signal()))
        assert.fail(`${batch.rows} rows of nothing`);
    };
    await assert.rejects(
      read,
      (error: Problem) => error instanceof Problem && error.code.endsWith('/stream-gone') && error.message.includes('suite_gone'),
    );
    const renamed = { ...there, columns: [...there.columns, { ...there.columns[1]!, name: 'dropped_since' }] };
    await assert.rejects(
      async () => {
        for await (const _ of connector.source!.read({ stream: renamed, mode: { type: 'full' }, batchBytes: 4096 }, signal()))
          assert.fail('rows without the column');
      },
      (error: Problem) => error instanceof Problem && error.code.endsWith('/column-gone') && error.message.includes('dropped_since'),
    );
  });
}

/** A batch is bytes of whole rows: no member of it holds rows in any other form. */
export function assertBatch(batch: Batch, stream: StreamSchema): void {
  assert.ok(batch.data instanceof Uint8Array);
  assert.deepEqual(
    Object.keys(batch).filter((key) => !['stream', 'columns', 'data', 'rows', 'last'].includes(key)),
    [],
  );
  assert.equal(batch.stream, stream.name);
  assert.equal(batch.rows, countRows(batch.data));
  assert.equal(batch.data.at(-1), 10, 'a batch ends where a row ends');
  for (const row of decodeRows(batch.data)) assert.equal(row.length, batch.columns.length);
}

async function using(fixture: ConnectorFixture, work: (connector: Connector) => Promise<void>): Promise<void> {
  const connector = connect(fixture.component, fixture.config, fixture.tools);
  try {
    await work(connector);
  } finally {
    await connector.close();
  }
}

async function collectSteps(fixture: ConnectorFixture, config: Readonly<Record<string, unknown>>): Promise<CheckStep[]> {
  const connector = connect(fixture.component, config, fixture.tools);
  const steps: CheckStep[] = [];
  for await (const step of connector.check(signal())) steps.push(step);
  await connector.close();
  return steps;
}

async function find(connector: Connector, name: string): Promise<StreamSchema> {
  const streams = await connector.discover(signal());
  const stream = streams.find((candidate) => candidate.name === name);
  assert.ok(stream, `${name} is among ${streams.map((candidate) => candidate.name).join(', ')}`);
  return stream;
}

function byId(rows: (string | null)[][]): (string | null)[][] {
  return rows.toSorted((a, b) => Number(a[0]) - Number(b[0]));
}

function signal(): AbortSignal {
  return AbortSignal.timeout(30_000);
}
