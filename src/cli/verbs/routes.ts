/** Verbs about routing. */
import { verbatim } from '../../base/text.ts';
import { EXIT } from '../exit.ts';
import problems from '../problems.ts';
import type { Verb } from '../verb.ts';

const explain: Verb = {
  name: 'route explain',
  summary: {
    en: 'Says which route takes a request, and why; exits 1 when none does.',
    zh: '说明哪个路由处理某个请求及原因；无路由匹配时退出码为 1。',
  },
  arguments: [
    {
      name: '<request>',
      help: { en: 'Such as "GET http://shop.test/orders/7", or only a path.', zh: '如 "GET http://shop.test/orders/7"，或仅路径。' },
    },
  ],
  options: [
    { flags: '-H, --header <name: value>', many: true, help: { en: 'Header field; may be repeated.', zh: '请求头，可重复。' } },
    { flags: '--from <address>', help: { en: 'Address the client comes from.', zh: '客户端地址。' } },
    { flags: '--listener <name>', help: { en: 'Listener it comes in by (default: default).', zh: '请求进入的监听器（默认 default）。' } },
  ],
  async run(given) {
    const { out, language, options } = given;
    const headers = ((options['header'] as readonly string[] | undefined) ?? []).map(headerOf);
    const listener = (options['listener'] as string | undefined) ?? 'default';
    const body = { ...requestOf(given.args[0]!), headers, listener, clientAddress: (options['from'] as string | undefined) ?? '' };
    const { data } = await given.client().explainRoute({ body });
    const code = data.outcome === 'matched' ? EXIT.ok : EXIT.failed;
    if (out.form === 'json' || out.form === 'yaml') out.one(data, { name: (found) => found.route ?? '-' });
    else {
      out.note(data.summary);
      out.list(data.considered, {
        columns: [
          { title: { en: 'ROUTE', zh: '路由' }, value: (c) => c.id },
          { title: { en: 'SERVES', zh: '处理' }, value: (c) => (c.matches ? '✓' : '') },
          { title: { en: 'WHY', zh: '原因' }, value: (c) => c.why[language] },
        ],
        name: (c) => c.id ?? '-',
      });
    }
    return code;
  },
};

/** `METHOD URL`, `METHOD /path`, `URL` or `/path`. The path is kept as typed: the gateway judges it, not this program. */
function requestOf(text: string): { method: string; host: string; path: string } {
  const match = /^(?:([A-Za-z]{1,31})\s+)?(?:https?:\/\/([^/?#\s]+))?(\/[^\s#]*)?$/.exec(text.trim());
  if (!match || (match[2] === undefined && match[3] === undefined))
    throw problems.raise['bad-value']({
      values: { what: { en: 'the request', zh: '请求' }, value: text, example: 'GET http://shop.test/orders/7' },
    });
  return { method: (match[1] ?? 'GET').toUpperCase(), host: match[2] ?? '', path: match[3] ?? '/' };
}

const attempt: Verb = {
  name: 'route call',
  summary: {
    en: 'Calls a route or data API through the gateway as a consumer, without its key; exits 1 for an answer of 400 and above.',
    zh: '以消费者身份经网关调用路由或数据 API（无需其密钥）；应答为 400 及以上时退出码为 1。',
  },
  arguments: [
    {
      name: '<request>',
      help: { en: 'Such as "GET /data/v1/orders?status=open", or only a path.', zh: '如 "GET /data/v1/orders?status=open"，或仅路径。' },
    },
  ],
  options: [
    { flags: '--consumer <name>', help: { en: 'Consumer that calls; nobody when left out.', zh: '调用的消费者；省略则匿名。' } },
    { flags: '-H, --header <name: value>', many: true, help: { en: 'Header field; may be repeated.', zh: '请求头，可重复。' } },
    { flags: '-d, --data <text>', help: { en: 'Body.', zh: '请求体。' } },
  ],
  async run(given) {
    const { out, options } = given;
    const { method, host, path } = requestOf(given.args[0]!);
    const consumer = options['consumer'] as string | undefined;
    const headers = ((options['header'] as readonly string[] | undefined) ?? []).map(headerOf);
    const body = {
      method: method as 'GET',
      path,
      headers,
      body: (options['data'] as string | undefined) ?? '',
      ...(host === '' ? {} : { host }),
      ...(consumer === undefined ? {} : { consumer }),
    };
    const { data } = await given.client().tryCall({ params: { project: given.project }, body });
    const code = data.status >= 400 ? EXIT.failed : EXIT.ok;
    if (out.form === 'json' || out.form === 'yaml') out.one(data, { name: (found) => found.requestId });
    else {
      const values = { status: data.status, route: data.route, ms: Math.round(data.ms * 10) / 10, id: data.requestId };
      out.note({ en: '{status} by {route} in {ms} ms, call {id}', zh: '{status}，由 {route} 处理，耗时 {ms} 毫秒，调用 {id}' }, values);
      out.text(data.body);
      if (data.truncated) out.note({ en: 'The body goes on; 256 KiB are shown.', zh: '正文未完，仅显示 256 KiB。' });
    }
    return code;
  },
};

function headerOf(text: string): { name: string; value: string } {
  const at = text.indexOf(':');
  if (at < 1) throw problems.raise['bad-value']({ values: { what: verbatim('--header'), value: text, example: 'accept: text/csv' } });
  return { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
}

export default [explain, attempt];
