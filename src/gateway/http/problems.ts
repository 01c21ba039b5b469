/** Problems the HTTP engine itself answers with: bad heads and bodies, limits, deadlines, upstreams that fail. */
import { defineProblems, type Problem } from '../../base/problem.ts';
import type { ClientLimits } from '../../sdk/listener.ts';
import type { HeadFault } from './head.ts';

const catalogue = defineProblems('core/http', {
  'request-line': {
    status: 400,
    title: { en: 'Request line is not HTTP/1.1', zh: '请求行不符合 HTTP/1.1' },
    detail: {
      en: 'The request line must be "METHOD target HTTP/1.1" with single spaces, ended by CRLF. Send plain HTTP/1.1 to this port.',
      zh: '请求行必须是“方法 目标 HTTP/1.1”，以单个空格分隔并以 CRLF 结尾。请向此端口发送明文 HTTP/1.1。',
    },
  },
  'method-too-long': {
    status: 501,
    title: { en: 'Method is too long', zh: '请求方法过长' },
    detail: { en: 'No method of HTTP is longer than 32 characters.', zh: 'HTTP 的请求方法不会超过 32 个字符。' },
  },
  'status-line': {
    status: 502,
    title: { en: 'Status line of the upstream is not HTTP/1.1', zh: '上游的状态行不符合 HTTP/1.1' },
  },
  target: {
    status: 400,
    title: { en: 'Request target is not allowed', zh: '请求目标不被允许' },
    detail: {
      en: 'The target must be a path beginning with "/" (or an http URL) of visible ASCII without "#"; percent-encode everything else.',
      zh: '目标必须是以“/”开头的路径（或 http URL），只含可见 ASCII 字符且不含“#”；其他字符请使用百分号编码。',
    },
  },
  'target-too-long': {
    status: 414,
    title: { en: 'Request target is too long', zh: '请求目标过长' },
    detail: {
      en: 'The path and query do not fit into the {limit} bytes allowed for a target.',
      zh: '路径与查询超出了请求目标允许的 {limit} 字节。',
    },
  },
  version: {
    status: 505,
    title: { en: 'HTTP version is not supported', zh: '不支持的 HTTP 版本' },
    detail: { en: 'This port speaks HTTP/1.1 and HTTP/1.0.', zh: '此端口支持 HTTP/1.1 和 HTTP/1.0。' },
  },
  field: {
    status: 400,
    title: { en: 'Header field is malformed', zh: '头字段格式错误' },
    detail: {
      en: 'A header field must be "name: value" ended by CRLF: no space before the colon, no folded line, no control byte, no bare LF.',
      zh: '头字段必须为“名称: 值”并以 CRLF 结尾：冒号前不得有空格，不得折行，不得含控制字节，不得单独使用 LF。',
    },
  },
  'head-too-large': {
    status: 431,
    title: { en: 'Header is too large', zh: '消息头过大' },
    detail: {
      en: 'The head is larger than {limit} bytes. Send fewer or shorter header fields.',
      zh: '消息头超过 {limit} 字节。请减少或缩短头字段。',
    },
  },
  'too-many-fields': {
    status: 431,
    title: { en: 'Too many header fields', zh: '头字段过多' },
    detail: { en: 'There are more than {fields} header fields. Send fewer.', zh: '头字段超过 {fields} 个。请减少数量。' },
  },
  host: {
    status: 400,
    title: { en: 'Host is missing, repeated or malformed', zh: 'Host 缺失、重复或格式错误' },
    detail: {
      en: 'Send exactly one Host field of the form "name" or "name:port".',
      zh: '请发送且仅发送一个 Host 字段，形式为“名称”或“名称:端口”。',
    },
  },
  'host-mismatch': {
    status: 400,
    title: { en: 'Host does not match the target', zh: 'Host 与请求目标不一致' },
    detail: {
      en: 'The target is a URL whose authority differs from the Host field. Send the same in both.',
      zh: '目标 URL 的主机与 Host 字段不同。请保持两者一致。',
    },
  },
  misdirected: {
    status: 421,
    title: { en: 'Request came over a connection for another name', zh: '请求使用了属于其他域名的连接' },
    detail: {
      en: 'The name has a certificate of its own, and the one this connection began with is not for it. Ask over a connection of its own.',
      zh: '该域名有自己的证书，而此连接建立时出示的证书不适用于它。请为该域名另建连接后重试。',
    },
    retry: 'now',
  },
  'content-length': {
    status: 400,
    title: { en: 'Content-Length is repeated or no number', zh: 'Content-Length 重复或不是数字' },
    detail: { en: 'Send one Content-Length of decimal digits only.', zh: '请只发送一个由十进制数字组成的 Content-Length。' },
  },
  'transfer-encoding': {
    status: 501,
    title: { en: 'Transfer coding is not supported', zh: '不支持的传输编码' },
    detail: { en: 'The only transfer coding is "chunked", once, in HTTP/1.1.', zh: '仅支持 HTTP/1.1 中单独出现一次的“chunked”传输编码。' },
  },
  'length-conflict': {
    status: 400,
    title: { en: 'Both Content-Length and Transfer-Encoding', zh: '同时存在 Content-Length 与 Transfer-Encoding' },
    detail: {
      en: 'A message has either a Content-Length or a Transfer-Encoding. Send one of them.',
      zh: '消息只能有 Content-Length 或 Transfer-Encoding 之一。请只发送其中一个。',
    },
  },
  'connection-field': {
    status: 400,
    title: { en: 'Connection field is malformed', zh: 'Connection 字段格式错误' },
    detail: { en: 'Connection must be a comma-separated list of field names.', zh: 'Connection 必须是以逗号分隔的字段名列表。' },
  },
  expectation: {
    status: 417,
    title: { en: 'Expectation is not supported', zh: '不支持的 Expect' },
    detail: { en: 'The only expectation that is understood is "100-continue".', zh: '仅支持“100-continue”。' },
  },
  tunnel: {
    status: 501,
    title: { en: 'CONNECT is not supported', zh: '不支持 CONNECT' },
    detail: { en: 'This is a gateway, not a forward proxy. Send an ordinary request.', zh: '这是网关而非正向代理。请发送普通请求。' },
  },
  chunk: {
    status: 400,
    title: { en: 'Chunked body is malformed', zh: '分块正文格式错误' },
    detail: { en: 'The body does not follow the chunked coding (RFC 9112 §7.1).', zh: '正文不符合分块编码（RFC 9112 §7.1）。' },
  },
  'body-too-large': {
    status: 413,
    title: { en: 'Body is too large', zh: '正文过大' },
    detail: { en: 'The body is larger than the {limit} bytes this route allows.', zh: '正文超过此路由允许的 {limit} 字节。' },
  },
  'head-timeout': {
    status: 408,
    title: { en: 'Header came too slowly', zh: '消息头到达过慢' },
    detail: { en: 'The head was not complete within {ms} ms.', zh: '消息头未在 {ms} 毫秒内到齐。' },
    retry: 'now',
  },
  'body-timeout': {
    status: 408,
    title: { en: 'Body came too slowly', zh: '正文到达过慢' },
    detail: { en: 'No byte of the body arrived for {ms} ms.', zh: '{ms} 毫秒内没有收到正文的任何字节。' },
    retry: 'now',
  },
  'body-slow': {
    status: 408,
    title: { en: 'Body came too slowly', zh: '正文到达过慢' },
    detail: {
      en: 'The upstream is busy, and the body came at less than {rate} bytes a second while others waited.',
      zh: '上游繁忙，其他请求正在等待，而正文的到达速度低于每秒 {rate} 字节。',
    },
    retry: 'later',
  },
  'request-timeout': {
    status: 408,
    title: { en: 'Request took too long', zh: '请求耗时过长' },
    detail: { en: 'The request was not complete within {ms} ms.', zh: '请求未在 {ms} 毫秒内发送完毕。' },
    retry: 'now',
  },
  'too-many-connections-from-address': {
    status: 429,
    title: { en: 'Too many connections from your address', zh: '来自您地址的连接过多' },
    detail: {
      en: 'Your address has as many connections open as one client may. Close some, or use them for several requests.',
      zh: '您的地址打开的连接数已达单个客户端的上限。请关闭部分连接，或复用连接。',
    },
    retry: 'later',
  },
  'too-many-connections': {
    status: 503,
    title: { en: 'Too many connections', zh: '连接过多' },
    detail: { en: 'The gateway is at its limit of open connections. Try again later.', zh: '网关的连接数已达上限。请稍后重试。' },
    retry: 'later',
  },
  failed: {
    status: 500,
    title: { en: 'The gateway failed', zh: '网关内部错误' },
    detail: { en: 'Something in the gateway failed; the log names this request id.', zh: '网关内部出错；日志中记录了此请求编号。' },
    retry: 'later',
  },
  'upstream-busy': {
    status: 503,
    title: { en: 'Upstream is busy', zh: '上游繁忙' },
    detail: { en: 'Every connection to the upstream is in use. Try again in a moment.', zh: '到上游的连接均在使用中。请稍后重试。' },
    retry: 'later',
  },
  'upstream-unreachable': {
    status: 502,
    title: { en: 'Upstream cannot be reached', zh: '无法连接上游' },
    detail: { en: 'No connection to the upstream could be made. Try again later.', zh: '无法建立到上游的连接。请稍后重试。' },
    retry: 'later',
  },
  'upstream-refused': {
    status: 502,
    title: { en: 'Upstream address is not allowed', zh: '上游地址不被允许' },
    detail: { en: 'The upstream resolves to an address the gateway must not call.', zh: '上游解析到了网关不允许访问的地址。' },
  },
  'upstream-connect-timeout': {
    status: 504,
    title: { en: 'Upstream did not accept the connection in time', zh: '上游未及时接受连接' },
    detail: { en: 'No connection to the upstream within {ms} ms.', zh: '{ms} 毫秒内未能连接上游。' },
    retry: 'later',
  },
  'upstream-timeout': {
    status: 504,
    title: { en: 'Upstream did not answer in time', zh: '上游未及时响应' },
    detail: { en: 'The upstream was silent for {ms} ms.', zh: '上游在 {ms} 毫秒内没有响应。' },
    retry: 'later',
  },
  'upstream-closed': {
    status: 502,
    title: { en: 'Upstream closed the connection', zh: '上游关闭了连接' },
    detail: { en: 'The upstream closed the connection before its answer was complete.', zh: '上游在响应完成前关闭了连接。' },
    retry: 'later',
  },
  'upstream-tls': {
    status: 502,
    title: { en: 'No secure connection to the upstream', zh: '无法与上游建立安全连接' },
    detail: {
      en: 'The upstream could not be verified. Its operator finds the reason in the call record.',
      zh: '无法验证上游的身份。运维人员可在调用记录中查看原因。',
    },
    retry: 'later',
  },
  'upstream-unhealthy': {
    status: 503,
    title: { en: 'No healthy target', zh: '没有健康的目标' },
    detail: { en: 'The upstream has no healthy target now. Try again later.', zh: '上游当前没有健康的目标。请稍后重试。' },
    retry: 'later',
  },
  'upstream-malformed': {
    status: 502,
    title: { en: 'Upstream answered with malformed HTTP', zh: '上游返回了格式错误的 HTTP' },
    detail: { en: 'The answer of the upstream was refused: {fault}.', zh: '上游的响应被拒绝：{fault}。' },
  },
});

export default catalogue;

/** The problem of a head that is refused. */
export function headProblem(fault: HeadFault, limits: ClientLimits): Problem {
  const { headBytesMax, targetBytesMax, headersMax: fields } = limits;
  const limit = fault === 'target-too-long' ? Math.min(headBytesMax, targetBytesMax) : headBytesMax;
  return catalogue.raise[fault]({ values: { limit, fields } });
}

/** The problem of a request that came too slowly: of the deadline of the whole request when that is the one that passed. */
export function lateProblem(code: 'head-timeout' | 'body-timeout', limits: ClientLimits, elapsedMs: number): Problem {
  const { requestMs, headMs, bodyIdleMs } = limits;
  if (elapsedMs >= requestMs) return catalogue.raise['request-timeout']({ values: { ms: requestMs } });
  return catalogue.raise[code]({ values: { ms: code === 'head-timeout' ? headMs : bodyIdleMs } });
}
