/** What the connector suites share: rows to try, and connectors opened as the runtime opens them. */
import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { fstatSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { readValue } from '../../base/schema-read.ts';
import type { Connector, ConnectorComponent, ConnectorTools } from '../connector.ts';
import { copyWriter, encodeCell } from '../copy-text.ts';
import type { Batch, Column, StreamSchema } from '../record.ts';

export type SuiteTools = Omit<ConnectorTools, 'problems'>;

export interface SuiteRow {
  readonly id: number;
  readonly name: string | null;
  readonly amount: string;
  readonly stamp: string | null;
}

/** Row `n` of a stream made up by rule. */
export function sampleRow(n: number): SuiteRow {
  const second = String(n % 60).padStart(2, '0');
  return {
    id: n,
    name: n % 5 === 0 ? null : `name ${n} 名`,
    amount: `${n}.${String(n % 100).padStart(2, '0')}`,
    stamp: `2025-02-03 04:05:${second}.000${n % 10}01`,
  };
}

/** Columns of a stream of `SuiteRow`s. */
export const SUITE_COLUMNS: readonly Column[] = [
  { name: 'id', type: 'int64', nullable: false, sourceType: 'bigint' },
  { name: 'name', type: 'text', length: 40, nullable: true, sourceType: 'varchar(40)' },
  { name: 'amount', type: 'decimal', precision: 10, scale: 2, nullable: false, sourceType: 'decimal(10,2)' },
  { name: 'stamp', type: 'timestamp', nullable: true, sourceType: 'timestamp' },
];

/** The schema of such a stream. */
export function suiteStream(
  table: string,
  columns: readonly Column[] = SUITE_COLUMNS,
  primaryKey: readonly string[] = ['id'],
): StreamSchema {
  return {
    name: `suite.${table}`,
    namespace: 'suite',
    table,
    columns,
    primaryKey,
    uniqueKeys: primaryKey.length > 0 ? [primaryKey] : [],
    rowsEstimate: undefined,
  };
}

/** Rows as a batch; each row gives the cells of `stream.columns` in order. */
export function batchOf(stream: StreamSchema, rows: readonly (readonly (string | null)[])[]): Batch {
  const writer = copyWriter();
  for (const row of rows) writer.add(row.map(encodeCell).join('\t'));
  return { stream: stream.name, columns: stream.columns, ...writer.take() };
}

/** Guards that allow this machine's loopback and the folder given. */
export function suiteTools(folder?: string): SuiteTools {
  return {
    clock: systemClock,
    log: silentLog,
    resolveHost: async (host, _port, signal) => {
      signal.throwIfAborted();
      return (await lookup(host, { all: true })).map((found) => found.address);
    },
    async resolveFile(file, mode) {
      assert.ok(folder, 'this suite allows no files');
      const full = path.resolve(folder, file);
      return mode === 'write' ? path.join(realpathSync(path.dirname(full)), path.basename(full)) : realpathSync(full);
    },
    recheckFile(descriptor, realPath) {
      assert.equal(fstatSync(descriptor).ino, statSync(realPath).ino);
    },
  };
}

/** Opens a connector with a configuration in people's form. */
export function connect(component: ConnectorComponent, config: Readonly<Record<string, unknown>>, tools: SuiteTools): Connector {
  const read = readValue(component.config, config);
  assert.deepEqual(read.errors, []);
  return component.create(read.value as Parameters<typeof component.create>[0], { ...tools, problems: component.catalogue.raise });
}
