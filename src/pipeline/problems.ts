/** What can go wrong with a pipeline and its runs. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/pipeline', {
  'bad-spec': {
    status: 422,
    retry: 'never',
    title: { en: 'Pipeline is not valid', zh: '管道定义无效' },
    detail: { en: 'The pipeline {pipeline} cannot run: {reason}', zh: '管道 {pipeline} 无法运行：{reason}' },
  },
  'bad-schedule': {
    status: 422,
    retry: 'never',
    title: { en: 'Schedule is not valid', zh: '调度设置无效' },
    detail: { en: 'The schedule "{cron}" in {timezone} cannot be used: {reason}', zh: '无法使用时区 {timezone} 的调度 "{cron}"：{reason}' },
  },
  'no-stream': {
    status: 422,
    retry: 'later',
    title: { en: 'No such stream', zh: '没有匹配的流' },
    detail: {
      en: '"{name}" names no stream that the connection {connection} can read{hint}. Check the name, its case, and the login’s grants.',
      zh: '连接 {connection} 没有可读取的流与 "{name}" 匹配{hint}。请检查名称、大小写与账号权限。',
    },
  },
  'too-many-streams': {
    status: 422,
    retry: 'never',
    title: { en: 'Too many streams', zh: '流过多' },
    detail: {
      en: 'The patterns name {count} streams; one pipeline carries at most {most}. Split it.',
      zh: '模式匹配到 {count} 个流，一个管道最多 {most} 个，请拆分。',
    },
  },
  'target-taken': {
    status: 422,
    retry: 'never',
    title: { en: 'Two streams, one target', zh: '多个流写入同一目标' },
    detail: {
      en: 'The streams {streams} would all write the table {table}. Give each its own `target`.',
      zh: '流 {streams} 都会写入表 {table}。请分别设置 `target`。',
    },
  },
  'target-is-source': {
    status: 422,
    retry: 'never',
    title: { en: 'Target is the source', zh: '目标即源表' },
    detail: {
      en: 'The stream {stream} would be written onto itself. Set `schema`, `prefix` or `target`.',
      zh: '流 {stream} 会写回自身。请设置 `schema`、`prefix` 或 `target`。',
    },
  },
  'no-column': {
    status: 422,
    retry: 'never',
    title: { en: 'No such column', zh: '列不存在' },
    detail: {
      en: 'The stream {stream} has no column {column}, which {use} asks for{hint}. If it was dropped, change the pipeline.',
      zh: '流 {stream} 没有 {use} 所需的列 {column}{hint}。如该列已被删除，请修改管道。',
    },
  },
  'column-not-carried': {
    status: 422,
    retry: 'never',
    title: { en: 'Needed column is not carried', zh: '所需列未被选中' },
    detail: {
      en: 'The stream {stream} needs the column {column} for {use}, but `columns` leaves it out. Add it there.',
      zh: '流 {stream} 的 {use} 需要列 {column}，但 `columns` 未包含它，请加入。',
    },
  },
  'cursor-type': {
    status: 422,
    retry: 'never',
    title: { en: 'Column cannot be a cursor', zh: '该列不能作为游标' },
    detail: {
      en: 'The column {column} of {stream} is {type}, which has no order to read by. Choose a number, date, timestamp or text column.',
      zh: '{stream} 的列 {column} 类型为 {type}，无法按序读取。请选择数字、日期、时间戳或文本列。',
    },
  },
  'upsert-without-key': {
    status: 422,
    retry: 'never',
    title: { en: 'Upsert needs a key', zh: 'upsert 需要键' },
    detail: {
      en:
        'The stream {stream} has no primary key and no other unique key, so upsert cannot tell rows apart. ' +
        'Name a `key`, or use append or replace.',
      zh: '流 {stream} 没有主键或唯一键，upsert 无法区分行。请指定 `key`，或改用 append、replace。',
    },
  },
  'replace-incremental': {
    status: 422,
    retry: 'never',
    title: { en: 'Replace needs full', zh: 'replace 只能用于 full' },
    detail: {
      en:
        'The stream {stream} is read incrementally; replacing the table by the changed rows alone would lose the others. ' +
        'Use mode full, or upsert.',
      zh: '流 {stream} 为增量读取，仅用变化的行替换整表会丢失其余数据。请用 full 模式或 upsert。',
    },
  },
  'replace-empty': {
    status: 409,
    retry: 'later',
    title: { en: 'Empty read would replace rows', zh: '空结果将替换已有数据' },
    detail: {
      en:
        'The stream {stream} gave no row, the last run had {rows}. The target is kept. ' +
        'If the source is really empty, set `allowEmpty: true`.',
      zh: '流 {stream} 未读到数据，而上次有 {rows} 行。目标保持不变；若源确实为空，请设置 `allowEmpty: true`。',
    },
  },
  'no-connection': {
    status: 422,
    retry: 'later',
    title: { en: 'Connection is missing', zh: '连接不存在' },
    detail: {
      en: 'The connection {connection} is not there, is disabled, or is not valid. Create or repair it.',
      zh: '连接 {connection} 不存在、已停用或无效。请创建或修复。',
    },
  },
  'wrong-role': {
    status: 422,
    retry: 'never',
    title: { en: 'Connection cannot do this', zh: '连接不支持该用途' },
    detail: { en: 'The connection {connection} ({type}) cannot be used as a {role}.', zh: '连接 {connection}（{type}）不能用作 {role}。' },
  },
  'pipeline-gone': {
    status: 404,
    retry: 'never',
    title: { en: 'Pipeline is gone', zh: '管道已不存在' },
    detail: {
      en: 'The pipeline {pipeline} was removed or disabled after this run was queued.',
      zh: '该运行排队后，管道 {pipeline} 已被删除或停用。',
    },
  },
  'streams-failed': {
    status: 502,
    retry: 'later',
    title: { en: 'Streams failed', zh: '部分流失败' },
    detail: {
      en: '{failed} of {all} streams failed; first {stream}: {detail}',
      zh: '{all} 个流中有 {failed} 个失败；首个为 {stream}：{detail}',
    },
  },
  'stream-failed': {
    status: 502,
    retry: 'later',
    title: { en: 'Stream failed', zh: '流失败' },
    detail: { en: 'The stream stopped: {reason}', zh: '流已停止：{reason}' },
  },
  'timed-out': {
    status: 504,
    retry: 'later',
    title: { en: 'Run took too long', zh: '运行超时' },
    detail: {
      en: 'The run took longer than {timeout}. Committed rows stay; raise `timeout` if it is to go on.',
      zh: '运行超过 {timeout}。已提交的数据保留；如需更久请调大 `timeout`。',
    },
  },
  'no-answer': {
    status: 504,
    retry: 'later',
    title: { en: 'No answer in time', zh: '等待超时' },
    detail: { en: '{what} gave no answer within {ms} ms.', zh: '{what} 在 {ms} 毫秒内无响应。' },
  },
  cancelled: {
    status: 409,
    retry: 'never',
    title: { en: 'Run was cancelled', zh: '运行已取消' },
    detail: { en: 'The run was cancelled on request. Committed rows stay.', zh: '运行已按请求取消，已提交的数据保留。' },
  },
  'lease-lost': {
    status: 409,
    retry: 'later',
    title: { en: 'Run was taken over', zh: '运行已被接管' },
    detail: {
      en: 'This worker lost its lease on the run; another one carries it on.',
      zh: '此 worker 失去该运行的租约，由其他 worker 继续。',
    },
  },
  draining: {
    status: 503,
    retry: 'now',
    title: { en: 'Worker is stopping', zh: 'worker 正在停止' },
    detail: {
      en: 'This worker is stopping; the run goes on elsewhere from its last checkpoint.',
      zh: '此 worker 正在停止，运行将从最近的检查点在别处继续。',
    },
  },
});
