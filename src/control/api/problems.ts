/** What can go wrong between an admin API call and its operation. */
import { defineProblems } from '../../base/problem.ts';

export default defineProblems('core/api', {
  'invalid-request': {
    status: 400,
    title: { en: 'The request is not valid', zh: '请求无效' },
    detail: {
      en: 'What was sent does not fit the operation; each mistake is listed under `errors` with its place.',
      zh: '请求内容不符合该操作的要求；每处错误及其位置列在 `errors` 中。',
    },
  },
  'malformed-body': {
    status: 400,
    title: { en: 'The body cannot be read', zh: '无法读取请求体' },
    detail: { en: 'The body is not valid {format}: {reason}.', zh: '请求体不是有效的 {format}：{reason}。' },
  },
  'not-http': {
    status: 400,
    title: { en: 'Not an HTTP request', zh: '不是 HTTP 请求' },
    detail: { en: 'What arrived is not HTTP/1.1; was it meant for another port?', zh: '收到的内容不是 HTTP/1.1；端口是否有误？' },
  },
  unauthenticated: {
    status: 401,
    title: { en: 'Not logged in', zh: '未登录' },
    detail: {
      en: 'This operation needs a session or a token: log in, or send `Authorization: Bearer <token>`.',
      zh: '该操作需要会话或令牌：请登录，或发送 `Authorization: Bearer <token>`。',
    },
  },
  'token-not-valid': {
    status: 401,
    title: { en: 'The credential is not valid', zh: '凭证无效' },
    detail: {
      en: 'The token or session is unknown, expired or revoked; log in again or create a new token.',
      zh: '令牌或会话不存在、已过期或已吊销；请重新登录或创建新令牌。',
    },
  },
  forbidden: {
    status: 403,
    title: { en: 'Not allowed', zh: '没有权限' },
    detail: {
      en: '{name} may not do this: it needs the permission {permission}{place}. Ask an administrator.',
      zh: '{name} 无权执行此操作：需要权限 {permission}{place}。请联系管理员。',
    },
  },
  'wrong-origin': {
    status: 403,
    title: { en: 'Request from a foreign page', zh: '请求来自其他网页' },
    detail: {
      en: 'The request came from another page ({origin}). Use the console’s own address, or add the name to control.hosts (weir.yaml).',
      zh: '请求来自其他网页（{origin}）。请使用控制台所在地址，或将该名称加入 weir.yaml 的 control.hosts。',
    },
  },
  'csrf-token-missing': {
    status: 403,
    title: { en: 'The CSRF token is missing or wrong', zh: 'CSRF 令牌缺失或错误' },
    detail: {
      en: 'A change made with a session cookie must carry the header `x-weir-csrf` with the value login and whoami answer.',
      zh: '使用会话 Cookie 的修改请求必须带有 `x-weir-csrf` 请求头，其值由登录和 whoami 返回。',
    },
  },
  'no-such-address': {
    status: 404,
    title: { en: 'No such address', zh: '地址不存在' },
    detail: {
      en: 'There is no {method} {path}; see /openapi.json for what there is.',
      zh: '不存在 {method} {path}；可用地址见 /openapi.json。',
    },
  },
  'not-found': {
    status: 404,
    title: { en: 'Not found', zh: '未找到' },
    detail: { en: 'There is no {what} named {name}.', zh: '不存在名为 {name} 的{what}。' },
  },
  'timed-out': {
    status: 504,
    title: { en: 'The operation took too long', zh: '操作超时' },
    detail: {
      en: 'No answer within {limit}; it was stopped. Try again, or with less at once.',
      zh: '{limit} 内没有完成，已停止。请重试或减少单次处理量。',
    },
    retry: 'later',
  },
  'too-slow': {
    status: 408,
    title: { en: 'The request took too long to arrive', zh: '请求发送过慢' },
    detail: { en: 'The request did not arrive in time; send it again.', zh: '请求未在规定时间内到达，请重新发送。' },
    retry: 'now',
  },
  'run-over': {
    status: 409,
    title: { en: 'The run is over', zh: '运行已结束' },
    detail: { en: 'Run {id} ended already ({result}); there is nothing to cancel.', zh: '运行 {id} 已结束（{result}），无需取消。' },
  },
  'run-not-over': {
    status: 409,
    title: { en: 'The run is not over', zh: '运行尚未结束' },
    detail: { en: 'Run {id} is not over yet; cancel it first, or wait.', zh: '运行 {id} 尚未结束；请先取消或等待。' },
  },
  'run-exists': {
    status: 409,
    title: { en: 'A run waits or goes on already', zh: '已有运行在排队或进行' },
    detail: {
      en: 'Pipeline "{name}" has a run waiting or going on, and its overlap policy is {overlap}.',
      zh: '管道“{name}”已有运行在排队或进行，其 overlap 策略为 {overlap}。',
    },
  },
  'pipeline-off': {
    status: 409,
    title: { en: 'The pipeline is switched off', zh: '管道已停用' },
    detail: { en: 'Pipeline "{name}" is switched off; enable it first.', zh: '管道“{name}”已停用，请先启用。' },
  },
  'no-password': {
    status: 409,
    title: { en: 'Not a user', zh: '当前不是用户' },
    detail: { en: '{name} is a token and has no password; log in as a user.', zh: '{name} 是令牌，没有密码；请以用户身份登录。' },
  },
  'caller-gone': {
    status: 499,
    title: { en: 'The caller went away', zh: '调用方已断开' },
    detail: { en: 'Nobody waits for the answer any more.', zh: '已无人等待应答。' },
  },
  'no-such-kind': {
    status: 404,
    title: { en: 'No such resource kind', zh: '没有该资源类型' },
    detail: { en: 'There is no resource kind "{name}"; {near}', zh: '没有资源类型“{name}”；{near}' },
  },
  'no-such-component': {
    status: 404,
    title: { en: 'No such kind or extension', zh: '没有该类型或扩展' },
    detail: { en: 'There is no kind or extension "{name}"; {near}', zh: '没有类型或扩展“{name}”；{near}' },
  },
  'body-too-large': {
    status: 413,
    title: { en: 'The body is too large', zh: '请求体过大' },
    detail: { en: 'At most {limit} are taken; split the request.', zh: '最多接收 {limit}；请拆分请求。' },
  },
  'unsupported-type': {
    status: 415,
    title: { en: 'Unknown content type', zh: '不支持的内容类型' },
    detail: { en: 'Send {allowed} in `Content-Type`.', zh: '`Content-Type` 请使用 {allowed}。' },
  },
  'wrong-host': {
    status: 421,
    title: { en: 'Unknown host name', zh: '未知的主机名' },
    detail: {
      en: 'This is not served under the name asked for. Use localhost or 127.0.0.1, or add the name to control.hosts in weir.yaml.',
      zh: '未以所请求的主机名提供服务。请使用 localhost 或 127.0.0.1，或将该名称加入 weir.yaml 的 control.hosts。',
    },
  },
  'condition-needed': {
    status: 428,
    title: { en: 'A condition is needed', zh: '缺少条件请求头' },
    detail: {
      en: 'Send `If-Match` with the ETag you read, or `If-None-Match: *` to create.',
      zh: '请发送带有已读取 ETag 的 `If-Match`；新建时发送 `If-None-Match: *`。',
    },
  },
  'head-too-large': {
    status: 431,
    title: { en: 'The request head is too large', zh: '请求头过大' },
    detail: { en: 'Address and header fields are too long.', zh: '地址与请求头过长。' },
  },
  unexpected: {
    status: 500,
    title: { en: 'Something broke inside Weir', zh: 'Weir 内部错误' },
    detail: {
      en: 'This is a fault of ours, not of the request. The log of control holds the reason under request id {requestId}.',
      zh: '这是 Weir 的故障，不是请求的问题。原因见 control 日志，请求 ID 为 {requestId}。',
    },
    retry: 'later',
  },
  'not-ready': {
    status: 503,
    title: { en: 'Not ready', zh: '尚未就绪' },
    detail: { en: 'Control is starting or stopping; try again in a moment.', zh: '控制进程正在启动或停止，请稍后重试。' },
    retry: 'later',
  },
  busy: {
    status: 503,
    title: { en: 'Too much at once', zh: '请求过多' },
    detail: {
      en: 'Control is answering {limit} requests already; try again in a moment.',
      zh: '控制进程已在处理 {limit} 个请求，请稍后重试。',
    },
    retry: 'later',
  },
  'too-many-watchers': {
    status: 503,
    title: { en: 'Too many watch calls', zh: '查看实时调用的人过多' },
    detail: {
      en: 'Calls are watched {limit} times at most, and {each} times by one user or token; close a stream, or try again in a moment.',
      zh: '最多同时有 {limit} 个实时调用流，每个用户或令牌最多 {each} 个；请关闭一个流或稍后重试。',
    },
    retry: 'later',
  },
});
