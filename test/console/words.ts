/**
 * Words on a screen that are not the reader's: what stands there in Latin letters though the console speaks Chinese, read as
 * a person or a screen reader meets it. Names of resources, code, and words that engineers write so in Chinese too may stay.
 */
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { must } from '../e2e/tools.ts';
import type { Weir } from '../e2e/weir.ts';

/** Texts that somebody chose, the longest first. */
export type OwnTexts = readonly string[];

/** Words that are written so in Chinese texts of this trade. */
const TRADE = new Set(
  `Weir API SQL JSON YAML CSV HTTP HTTPS TLS URL UTF Host Cookie Cron cron CLI PID Node CPU UUID OpenAPI Swagger UI Ctrl Enter null schema
  PostgreSQL MariaDB MySQL SQLite COPY JavaScript Python Java curl GET POST PUT PATCH DELETE HEAD OPTIONS worker epoch gRPC DNS trailer
  OAS MB kB KB GB MiB GiB KiB JWT ID id Accept English sqlite postgres csv mysql https http crm CRM ERP MES if where test RE CDC IP UTC weir replace acme cookie`
    .split(/\s+/)
    .filter(Boolean),
);

/** What is no word, whatever it holds: ids, addresses, paths, field names, codes, digests, placeholders. */
const NO_WORDS: readonly RegExp[] = [
  /\b(?:get|post|put|delete) (?=\u200b?\/)/g, // Before the path goes.
  /https?:\/\/\S+/g,
  /[\w.-]*(?:\/[\w{}.:*%?&=~+​-]+)+\/?/g, // Paths, problem codes, names with a project; Swagger breaks them by a thin space.
  /例如 [^\s，。]+/g, // Examples of what may be typed.
  /\b\dxx\b/g,
  /\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g,
  /\b[0-9a-f]{12,}\b/g,
  /\bwk_[\w-]+/g,
  /#?\{\w+\}/g,
  /\b\w+(?:[-_.=]\w+)+\b/g, // Names with a hyphen, an underscore or a point in them.
];

interface Item {
  readonly name: string;
  readonly description?: string | null;
  readonly spec?: { readonly parameters?: Readonly<Record<string, unknown>> };
}

/** Every name and description of the sample, and the names in its databases. */
export async function ownTexts(weir: Weir): Promise<OwnTexts> {
  const items = JSON.parse(await must(weir, 'get', '-o', 'json')) as Item[];
  const named = items.flatMap(({ name, description, spec }) => [
    name,
    ...(description ? [description] : []),
    ...Object.keys(spec?.parameters ?? {}),
  ]);
  const stored = ['erp.db', 'mes.db', 'warehouse.db'].flatMap((file) => {
    const db = new DatabaseSync(path.join(weir.folder, 'files', 'sample', file), { readOnly: true });
    try {
      const rows = db.prepare('SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c').all();
      return rows.flatMap((row) => [String(row['t']), String(row['c'])]);
    } finally {
      db.close();
    }
  });
  return [...new Set([...named, ...stored, 'default', 'admin', 'viewer'])].sort((a, b) => b.length - a.length);
}

interface Said {
  readonly where: string;
  readonly text: string;
}

/** Where words are somebody's own: code, editors, and what is marked as not to be translated. */
const OWN_PLACES = 'code, pre, kbd, .cm-editor, script, style, [translate=no]';
/** What an API's documentation shows of the API itself: names, types and values of its fields. */
const OF_THE_API = '.parameter__name, .parameter__type, .prop-type, .prop-format, .parameters option, .parameters input, .header-col';
/** There its values stand beside words of the page, which have an element of their own. */
const VALUES_OF_THE_API = '.parameter__enum p, .parameter__default p';
const ATTRIBUTES = ['aria-label', 'title', 'placeholder', 'alt', 'aria-description'];

// A text, not a function: this file is Node's, and knows no document.
const READ = `(() => {
  const said = [];
  const hidden = (one) => one.closest('[aria-hidden=true]') !== null;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest(${JSON.stringify(`${OWN_PLACES}, ${OF_THE_API}`)}) && !node.parentElement.matches(${JSON.stringify(VALUES_OF_THE_API)}))
      said.push({ where: 'text', text: node.nodeValue.trim() });
  for (const name of ${JSON.stringify(ATTRIBUTES)})
    for (const one of document.body.querySelectorAll('[' + name + ']'))
      if (!hidden(one) && !one.closest(${JSON.stringify(`[translate=no], ${OF_THE_API}`)})) said.push({ where: name, text: one.getAttribute(name) });
  return said.filter(({ text }) => /[A-Za-z]{2}/.test(text));
})()`;

/** Words in Latin letters on the page that have no business there, each with where it stands. */
export async function foreignWords(page: Page, own: OwnTexts): Promise<string[]> {
  const said = await page.evaluate<Said[]>(READ);
  return [...new Set(said.flatMap(({ where, text }) => wordsOf(text, own).map((word) => `${where} “${text.slice(0, 80)}”: ${word}`)))];
}

/** The words of a text that are neither somebody's own nor of the trade. */
export function wordsOf(text: string, own: OwnTexts): string[] {
  let rest = own.includes(text) ? '' : text;
  for (const form of NO_WORDS) rest = rest.replace(form, ' ');
  for (const name of own) if (name.length > 3 || !/^[a-z]+$/i.test(name)) rest = rest.replaceAll(name, ' ');
  const short = new Set(own);
  return (rest.match(/[A-Za-z]{2,}/g) ?? []).filter((word) => !TRADE.has(word) && !short.has(word));
}
