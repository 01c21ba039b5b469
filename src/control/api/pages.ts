/** Plain pages in both languages, without script and without anything from elsewhere. */
import { createHash } from 'node:crypto';
import type { ProblemEntry } from './problem-catalogue.ts';

const STYLE =
  'body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1c2430;background:#fff}' +
  'code{background:#eef1f5;padding:.1em .35em;border-radius:4px}h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}' +
  'td,th{padding:.25rem 1rem .25rem 0;text-align:left;vertical-align:top}' +
  '@media(prefers-color-scheme:dark){body{color:#dbe2ea;background:#12171e}code{background:#222b36}a{color:#8ab4f8}}';

/** Content security policy of these pages: their own style, nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** What `/` says where the console is not built. */
export function homePage(about: { readonly version: string }): string {
  const rows = [
    ['<a href="/openapi.json">/openapi.json</a>', 'Admin API, described (OpenAPI 3.1)', '管理 API 描述（OpenAPI 3.1）'],
    ['<code>/api/v1</code>', 'Admin API; needs a login or a token', '管理 API；需要登录或令牌'],
    ['<a href="/livez">/livez</a> · <a href="/readyz">/readyz</a>', 'Health', '健康检查'],
    ['<a href="/metrics">/metrics</a>', 'Figures for Prometheus', 'Prometheus 指标'],
    ['<code>/problems/&lt;code&gt;</code>', 'What a problem means', '问题说明'],
  ];
  const body = rows.map(([where, en, zh]) => `<tr><td>${where}</td><td>${en}<br><span lang="zh-CN">${zh}</span></td></tr>`).join('');
  return html(
    'Weir 堰',
    `<h1>Weir 堰 ${escapeHtml(about.version)}</h1>
<p>This is the control port. The command line is the way in: <code>./weir get</code>, <code>./weir --help</code>.</p>
<p lang="zh-CN">这是控制端口。请使用命令行：<code>./weir get</code>、<code>./weir --help</code>。</p>
<table>${body}</table>`,
  );
}

/** The page a problem's `type` leads to. */
export function problemPage(entry: ProblemEntry): string {
  const part = (language: 'en' | 'zh', tag: string, status: string) =>
    `<section lang="${tag}"><h2>${escapeHtml(entry.title[language])}</h2>` +
    `<p>${escapeHtml((entry.detail ?? entry.title)[language])}</p><p>${status} ${entry.status}</p></section>`;
  return html(
    entry.code,
    `<h1><code>${escapeHtml(entry.code)}</code></h1>${part('en', 'en', 'HTTP status')}${part('zh', 'zh-CN', 'HTTP 状态')}`,
  );
}

function html(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>${body}</body></html>\n`
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
