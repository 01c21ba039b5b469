/** Problems that every connector can meet, spread into each one's own catalogue, so that they read alike. */
import type { ProblemFactory, ProblemSpecs } from '../base/problem.ts';
import type { Text } from '../base/text.ts';

/** Reasons that several connectors give. */
export const NOTHING_LISTENS: Text = { en: 'nothing listens there', zh: '该端口没有程序在监听' };
export const NO_TLS: Text = { en: 'the server offers no TLS', zh: '服务器不支持 TLS' };
export const DOUBLE_ROWS: Text = { en: 'the source gave two rows with this key', zh: '源端给出了两行相同键的数据' };
export const noAnswerWithin = (ms: number): Text => ({ en: `no answer within ${ms} ms`, zh: `${ms} 毫秒内没有响应` });
export const noSuchColumn = (name: string): Text => ({ en: `no column "${name}"`, zh: `没有列“${name}”` });
/** Why rows of a table cannot be swapped as a whole: others would follow them. */
export const wouldFollow = (tables: string): Text => ({
  en: `rows of ${tables} would be deleted or emptied with them (ON DELETE)`,
  zh: `${tables} 的行会随之被删除或清空（ON DELETE）`,
});
/** Why rows of a table cannot be swapped as a whole: columns of its own would lose their values. */
export const wouldLose = (columns: string): Text => ({
  en: `rows trade values of a unique key, and columns ${columns}, which the stream does not have, would lose theirs`,
  zh: `行之间交换了唯一键的值，而流中没有的列 ${columns} 会丢失原值`,
});
export const NO_ADDRESS: Text = { en: 'the name has no address', zh: '该名称没有地址' };
/** What a good step of a connection check found. */
export const resolved = (host: string, addresses: readonly string[]): Text => ({
  en: `${host} is ${addresses.join(', ')}`,
  zh: `${host} 解析为 ${addresses.join(', ')}`,
});
export const connected = (port: number): Text => ({ en: `connected to port ${port}`, zh: `已连接到端口 ${port}` });
export const loggedIn = (user: string, overTls: boolean): Text => ({
  en: `logged in as "${user}"${overTls ? ' over TLS' : ''}`,
  zh: `已以“${user}”登录${overTls ? '（经 TLS）' : ''}`,
});
/** What a sink was about to do to a table that Weir did not make. */
export const REPLACING: Text = { en: '`write: replace`', zh: '执行 `write: replace`' };

export const connectorProblems = {
  'host-unreachable': {
    status: 502,
    retry: 'later',
    title: { en: 'The server cannot be reached', zh: '无法连接服务器' },
    detail: {
      en: 'No connection to {address}: {reason}. Check that the server runs, and host and port of the connection.',
      zh: '无法连接 {address}：{reason}。请检查服务器是否运行，以及连接中的主机和端口。',
    },
  },
  'tls-failed': {
    status: 502,
    retry: 'never',
    title: { en: 'No secure connection', zh: '无法建立加密连接' },
    detail: {
      en: 'TLS with {address} failed: {reason}. Check the mode under `tls` and its certificate authority.',
      zh: '与 {address} 的 TLS 握手失败：{reason}。请检查 `tls` 的模式和 CA 证书。',
    },
  },
  'login-failed': {
    status: 502,
    retry: 'never',
    title: { en: 'Login refused', zh: '登录被拒绝' },
    detail: {
      en: 'The server refused user "{user}": wrong password, or no right to connect. Check user and password.',
      zh: '服务器拒绝了用户“{user}”：密码错误或无权连接。请检查用户名和密码。',
    },
  },
  'database-missing': {
    status: 502,
    retry: 'never',
    title: { en: 'No such database', zh: '数据库不存在' },
    detail: { en: 'The server has no database "{database}". Check its name.', zh: '服务器上没有数据库“{database}”，请检查名称。' },
  },
  'permission-denied': {
    status: 502,
    retry: 'never',
    title: { en: 'The login lacks a right', zh: '登录用户权限不足' },
    detail: { en: 'The server refused: {reason}. Grant the right to the login.', zh: '服务器拒绝：{reason}。请为登录用户授权。' },
  },
  'connection-lost': {
    status: 502,
    retry: 'later',
    title: { en: 'The connection broke', zh: '连接中断' },
    detail: { en: 'The connection broke: {reason}. What was not committed was undone.', zh: '连接中断：{reason}。未提交的内容已撤销。' },
  },
  'server-busy': {
    status: 503,
    retry: 'later',
    title: { en: 'The server is busy', zh: '服务器繁忙' },
    detail: { en: 'The server could not take the work now: {reason}.', zh: '服务器暂时无法处理：{reason}。' },
  },
  'server-error': {
    status: 502,
    retry: 'later',
    title: { en: 'The server answered an error', zh: '服务器返回错误' },
    detail: { en: 'The server answered: {reason}', zh: '服务器返回：{reason}' },
  },
  'disk-full': {
    status: 507,
    retry: 'later',
    title: { en: 'Disk full', zh: '磁盘已满' },
    detail: {
      en:
        'There is no room left to write: {reason}. What was not committed was undone. ' +
        'Free some space; the next try goes on from the checkpoint.',
      zh: '没有可写空间：{reason}。未提交的内容已撤销。请释放空间，下次将从检查点继续。',
    },
  },
  'stream-gone': {
    status: 404,
    retry: 'never',
    title: { en: 'The stream is gone', zh: '流不存在' },
    detail: {
      en:
        'There is no "{stream}" any more, or the login may not read it. ' +
        'Nothing was written. Correct the pipeline or bring the table back.',
      zh: '“{stream}”已不存在，或登录用户无权读取。未写入任何内容。请修改管道或恢复该表。',
    },
  },
  'column-gone': {
    status: 409,
    retry: 'never',
    title: { en: 'A column is gone', zh: '列已不存在' },
    detail: {
      en: 'A column of "{stream}" is gone: {reason}. Nothing was written. Run again to take the new columns, or correct the pipeline.',
      zh: '“{stream}”的某列已不存在：{reason}。未写入任何内容。请重新运行以采用新的列，或修改管道。',
    },
  },
  'incremental-impossible': {
    status: 422,
    retry: 'never',
    title: { en: 'This stream cannot be read incrementally', zh: '该流不能增量读取' },
    detail: { en: 'Stream "{stream}" cannot be read incrementally: {reason}.', zh: '流“{stream}”不能增量读取：{reason}。' },
  },
  'value-unreadable': {
    status: 422,
    retry: 'never',
    title: { en: 'A value cannot be read', zh: '值无法读取' },
    detail: {
      en: 'Stream "{stream}", row {key}, column "{column}": {reason}. Nothing more was read.',
      zh: '流“{stream}”，行 {key}，列“{column}”：{reason}。已停止读取。',
    },
  },
} as const satisfies ProblemSpecs;

/** Problems that every sink can meet. */
export const sinkProblems = {
  'value-does-not-fit': {
    status: 422,
    retry: 'never',
    title: { en: 'A value does not fit the target', zh: '值与目标列不符' },
    detail: {
      en:
        'Stream "{stream}", row {key}, column "{column}": {reason}. ' +
        'The target is as it was. Correct the value, or widen the target column.',
      zh: '流“{stream}”，行 {key}，列“{column}”：{reason}。目标未改变。请修正该值或放宽目标列。',
    },
  },
  'duplicate-key': {
    status: 409,
    retry: 'never',
    title: { en: 'A row with this key is there already', zh: '键值重复' },
    detail: {
      en: 'Stream "{stream}", row {key}: {reason}. The target is as it was. Use `write: upsert`, or correct the rows.',
      zh: '流“{stream}”，行 {key}：{reason}。目标未改变。请使用 `write: upsert` 或修正数据。',
    },
  },
  'constraint-violated': {
    status: 422,
    retry: 'never',
    title: { en: 'A row breaks a rule of the target', zh: '行违反目标约束' },
    detail: {
      en: 'Stream "{stream}", row {key}: {reason}. The target is as it was.',
      zh: '流“{stream}”，行 {key}：{reason}。目标未改变。',
    },
  },
  'key-missing': {
    status: 422,
    retry: 'never',
    title: { en: 'The target has no such unique key', zh: '目标没有该唯一键' },
    detail: {
      en: 'Table "{table}" has no unique key on ({key}), which `write: {write}` needs. Name a key in the pipeline or add it to the table.',
      zh: '表“{table}”没有 ({key}) 上的唯一键，`write: {write}` 需要它。请在管道中指定键，或为表添加唯一键。',
    },
  },
  'not-owned': {
    status: 409,
    retry: 'never',
    title: { en: 'Weir did not make this table', zh: '该表不是由 Weir 创建' },
    detail: {
      en:
        'Table "{table}" was not made by Weir, so {action} is refused. ' +
        'Say `adopt: true` for the stream to allow it, or name another target.',
      zh: '表“{table}”不是由 Weir 创建，因此拒绝{action}。如需允许，请为该流设置 `adopt: true`，或指定其他目标表。',
    },
  },
  'replace-empty': {
    status: 409,
    retry: 'never',
    title: { en: 'An empty read does not replace rows', zh: '空结果不会替换已有数据' },
    detail: {
      en: 'Stream "{stream}" gave no row, but "{table}" holds {rows}. The target is as it was. Say `allowEmpty: true` if this is right.',
      zh: '流“{stream}”没有读到任何行，但“{table}”中有 {rows} 行。目标未改变。若确实如此，请设置 `allowEmpty: true`。',
    },
  },
  'replace-referenced': {
    status: 409,
    retry: 'never',
    title: { en: 'Other tables hang on these rows', zh: '其他表引用了这些行' },
    detail: {
      en: '"{table}" cannot be replaced without touching other tables: {reason}. The target is as it was. Give the stream a key.',
      zh: '替换“{table}”会影响其他表：{reason}。目标未改变。请为该流指定键。',
    },
  },
  'column-dropped': {
    status: 409,
    retry: 'never',
    title: { en: 'The source lost a column', zh: '源端缺少列' },
    detail: {
      en:
        'Column(s) {columns} of "{table}" came from stream "{stream}", which no longer has them. ' +
        'Nothing was written. Drop them from the target, or bring them back.',
      zh: '“{table}”的列 {columns} 来自流“{stream}”，而该流已没有这些列。未写入任何内容。请从目标表删除这些列，或在源端恢复。',
    },
  },
  fenced: {
    status: 409,
    retry: 'never',
    title: { en: 'A newer run has taken over', zh: '已被更新的运行接管' },
    detail: {
      en: 'A newer run writes stream "{stream}"; this one (epoch {epoch}) may not any more.',
      zh: '更新的运行正在写入流“{stream}”；本次运行（epoch {epoch}）已无权写入。',
    },
  },
} as const satisfies ProblemSpecs;

/** What connectors raise, whatever they add of their own. */
export type ConnectorProblems = ProblemFactory<typeof connectorProblems>;
export type SinkProblems = ProblemFactory<typeof connectorProblems & typeof sinkProblems>;
