/** Problems a caller of a data API can meet. Never SQL, host or the database's own words: those go to the log. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/dataapi', {
  'parameters-invalid': {
    status: 400,
    title: { en: 'Parameters are wrong', zh: '参数有误' },
    detail: { en: '{count} parameter(s) cannot be used; see `errors` for each.', zh: '有 {count} 个参数无法使用，详见 `errors`。' },
  },
  'value-refused': {
    status: 400,
    title: { en: 'A value cannot be used', zh: '参数值无法使用' },
    detail: {
      en: 'A parameter passed its check, but the database cannot take its value (out of range or wrong form). Check the values sent.',
      zh: '某个参数通过了校验，但数据库无法接受其值（超出范围或格式不符）。请检查所传的值。',
    },
  },
  'cursor-invalid': {
    status: 400,
    title: { en: 'Cursor is not valid', zh: '游标无效' },
    detail: {
      en: 'The `cursor` was not issued by this API, or was changed. Start again without `cursor`.',
      zh: '`cursor` 不是由该 API 签发，或已被改动。请去掉 `cursor` 从头开始。',
    },
  },
  'cursor-outdated': {
    status: 400,
    title: { en: 'Cursor is of an older release', zh: '游标属于旧版本' },
    detail: {
      en: 'The API was published anew since this `cursor` was issued. Start again without `cursor`.',
      zh: '该 `cursor` 签发之后 API 已重新发布。请去掉 `cursor` 从头开始。',
    },
  },
  'not-found': {
    status: 404,
    title: { en: 'No such record', zh: '没有该记录' },
    detail: { en: 'No record matches the parameters.', zh: '没有与参数相符的记录。' },
  },
  'method-not-allowed': {
    status: 405,
    title: { en: 'Method not allowed', zh: '不支持该方法' },
    detail: { en: 'A data API answers GET and HEAD, not {method}.', zh: '数据 API 只应答 GET 与 HEAD，不支持 {method}。' },
  },
  'answer-too-large': {
    status: 422,
    title: { en: 'Answer too large', zh: '结果过大' },
    detail: {
      en: 'The answer would pass this API’s cap of {cap} {unit}; it is never cut off silently. Narrow the parameters or the page.',
      zh: '结果将超过该 API 的上限（{cap} {unit}）。不会悄悄截断：请缩小参数范围或减小每页行数。',
    },
  },
  'query-failed': {
    status: 502,
    title: { en: 'Query failed', zh: '查询失败' },
    detail: {
      en: 'The database could not answer. The reason is in the log of Weir’s gateway, under this API’s connection.',
      zh: '数据库未能应答。原因见 Weir 网关日志中该 API 所用连接的记录。',
    },
  },
  'not-single': {
    status: 502,
    title: { en: 'More than one record', zh: '记录不唯一' },
    detail: {
      en: 'The API promises one record, but the database has several for these parameters. Its author must make the query unique.',
      zh: '该 API 承诺返回单条记录，但数据库中有多条符合参数。请由 API 作者修正查询。',
    },
  },
  busy: {
    status: 503,
    title: { en: 'Data API is busy', zh: '数据 API 繁忙' },
    detail: {
      en: 'No database connection came free in time. Try again after {seconds} s.',
      zh: '未能及时取得数据库连接。请在 {seconds} 秒后重试。',
    },
    retry: 'later',
  },
  unavailable: {
    status: 503,
    title: { en: 'Database is not available', zh: '数据库不可用' },
    detail: {
      en: 'There is no usable connection to the database now. Try again after {seconds} s.',
      zh: '当前没有可用的数据库连接。请在 {seconds} 秒后重试。',
    },
    retry: 'later',
  },
  timeout: {
    status: 504,
    title: { en: 'Query took too long', zh: '查询超时' },
    detail: {
      en: 'The query was stopped after {ms} ms, the limit of this API. Narrow the parameters.',
      zh: '查询在 {ms} 毫秒（该 API 的上限）后被中止。请缩小参数范围。',
    },
  },
});
