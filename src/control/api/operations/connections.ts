/** Trying connections: step by step check, streams, first rows. */
import { help, strictObject, T } from '../../../base/schema.ts';
import type { Language } from '../../../base/text.ts';
import type { CheckStep } from '../../../sdk/connector.ts';
import type { Batch, StreamSchema } from '../../../sdk/record.ts';
import { decodeRows } from '../../../sdk/copy-text.ts';
import { defineOperation } from '../operation.ts';
import { named, oneOf, orNull, projectName, resourceName } from '../shapes.ts';

const area = 'connections';
const params = strictObject({ project: projectName(), name: resourceName() });
const path = '/projects/{project}/connections/{name}';

/** A preview cell longer than this is cut: the preview is for eyes. */
const CELL_CHARS_MAX = 2000;

const column = named(
  'Column',
  strictObject({
    name: T.String(),
    type: T.String(),
    nullable: T.Boolean(),
    sourceType: T.String(),
    precision: T.Optional(T.Integer()),
    scale: T.Optional(T.Integer()),
    length: T.Optional(T.Integer()),
  }),
);

const stream = named(
  'Stream',
  strictObject({
    name: T.String(),
    namespace: orNull(T.String()),
    table: T.String(),
    columns: T.Array(column),
    primaryKey: T.Array(T.String()),
    uniqueKeys: T.Array(T.Array(T.String())),
    rowsEstimate: orNull(T.Number()),
  }),
);

const step = named(
  'CheckStep',
  strictObject({
    step: oneOf(['path', 'dns', 'tcp', 'tls', 'login', 'grant']),
    ok: T.Boolean(),
    ms: T.Number(),
    detail: T.String(),
    warning: T.Optional(T.String()),
  }),
);

const connectionCheck = named('ConnectionCheck', strictObject({ ok: T.Boolean(), steps: T.Array(step) }));

const check = defineOperation({
  id: 'checkConnection',
  area,
  method: 'POST',
  path: `${path}/check`,
  summary: {
    en: 'Tries a connection step by step: name, socket, TLS, login, grants.',
    zh: '逐步检查连接：域名、套接字、TLS、登录、权限。',
  },
  access: 'connections:use',
  params,
  timeoutMs: 60_000,
  response: connectionCheck,
  async handler(call, parts) {
    const steps = await parts.probe.check(call.params.project, call.params.name, call.signal);
    return checkView(steps, call.language);
  },
});

const discover = defineOperation({
  id: 'discoverStreams',
  area,
  method: 'GET',
  path: `${path}/streams`,
  summary: { en: 'Lists the streams (tables, files) the login can read.', zh: '列出可读取的流（表、文件）。' },
  access: 'connections:use',
  params,
  timeoutMs: 60_000,
  response: named('Streams', strictObject({ items: T.Array(stream) })),
  async handler(call, parts) {
    const streams = await parts.probe.discover(call.params.project, call.params.name, call.signal);
    return { items: streams.map(streamView) };
  },
});

const preview = defineOperation({
  id: 'previewStream',
  area,
  method: 'GET',
  path: `${path}/preview`,
  summary: { en: 'The first rows of a stream, values as the database’s own text.', zh: '流的前几行，值为数据库原始文本。' },
  access: 'connections:use',
  params,
  timeoutMs: 60_000,
  query: strictObject({
    stream: T.String({ minLength: 1, maxLength: 300, ...help('Name of the stream.', '流名称。') }),
    rows: T.Integer({ minimum: 1, maximum: 100, default: 20, ...help('Most rows.', '最多行数。') }),
  }),
  response: named('Preview', strictObject({ columns: T.Array(column), rows: T.Array(T.Array(orNull(T.String()))) })),
  async handler(call, parts) {
    const { project, name } = call.params;
    return previewView(await parts.probe.preview(project, name, call.query.stream, call.query.rows, call.signal));
  },
});

function checkView(steps: readonly CheckStep[], language: Language) {
  return { ok: steps.every((s) => s.ok), steps: steps.map((s) => stepView(s, language)) };
}

function stepView({ warning, ...rest }: CheckStep, language: Language) {
  return { ...rest, detail: rest.detail[language], ...(warning ? { warning: warning[language] } : {}) };
}

function streamView(found: StreamSchema) {
  return {
    name: found.name,
    table: found.table,
    namespace: found.namespace ?? null,
    rowsEstimate: found.rowsEstimate ?? null,
    columns: found.columns.map((c) => ({ ...c })),
    primaryKey: [...found.primaryKey],
    uniqueKeys: found.uniqueKeys.map((key) => [...key]),
  };
}

function previewView(batch: Batch) {
  const short = (cell: string | null) => (cell !== null && cell.length > CELL_CHARS_MAX ? `${cell.slice(0, CELL_CHARS_MAX)}…` : cell);
  return { columns: batch.columns.map((c) => ({ ...c })), rows: [...decodeRows(batch.data)].map((row) => row.map(short)) };
}

export { connectionCheck, checkView };

export default [check, discover, preview];
