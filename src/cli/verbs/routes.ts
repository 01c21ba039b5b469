/** Verbs about routing. */
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
  async run(given) {
    const { out, language } = given;
    const body = requestOf(given.args[0]!);
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
    throw problems.raise['bad-value']({ values: { what: 'request', value: text, example: 'GET http://shop.test/orders/7' } });
  return { method: (match[1] ?? 'GET').toUpperCase(), host: match[2] ?? '', path: match[3] ?? '/' };
}

export default [explain];
