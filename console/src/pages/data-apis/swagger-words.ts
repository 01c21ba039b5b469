/** Swagger UI speaks English only: its own words, which are few, follow the reader, and its choices get names. */
import type { Language } from '../../ui/language.tsx';

const words: Readonly<Record<string, { readonly en: string; readonly zh: string }>> = {
  parameters: { en: 'Parameters', zh: '参数' },
  noParameters: { en: 'No parameters', zh: '无参数' },
  responses: { en: 'Responses', zh: '响应' },
  name: { en: 'Name', zh: '名称' },
  description: { en: 'Description', zh: '说明' },
  code: { en: 'Code', zh: '状态码' },
  links: { en: 'Links', zh: '链接' },
  noLinks: { en: 'No links', zh: '无' },
  mediaType: { en: 'Media type', zh: '媒体类型' },
  example: { en: 'Example Value', zh: '示例' },
  schema: { en: 'Schema', zh: '结构' },
  headers: { en: 'Headers:', zh: '响应头：' },
  type: { en: 'Type', zh: '类型' },
  available: { en: 'Available values', zh: '可选值' },
  defaultValue: { en: 'Default value', zh: '默认值' },
  path: { en: 'path', zh: '路径' },
  query: { en: 'query', zh: '查询' },
  header: { en: 'header', zh: '请求头' },
  authorize: { en: 'Authorize', zh: '授权' },
  accept: { en: 'Controls Accept header.', zh: '决定 Accept 请求头。' },
  controls: { en: 'Controls', zh: '决定' },
  ofRequest: { en: 'header.', zh: '请求头。' },
};

/** What its buttons are called. */
const LABELS: readonly { readonly en: string; readonly zh: string }[] = [
  { en: 'Collapse operation', zh: '折叠此操作' },
  { en: 'Expand operation', zh: '展开此操作' },
  { en: 'Copy path to clipboard', zh: '复制路径' },
  { en: 'authorization button unlocked', zh: '需要授权' },
  { en: 'authorization button locked', zh: '已授权' },
  { en: 'Response content type', zh: '响应内容类型' },
  { en: 'Media Type', zh: '媒体类型' },
];

/** Where a text is somebody's own and must stay. */
const OWN = 'pre, code, p, .parameter__name, .opblock-summary-path, .opblock-summary-description, .opblock-tag, .model, option';
/** Words so plain that they count only here. */
const PLACE = '.parameter__in';
const PLAIN = new Set(['path', 'query', 'header', '路径', '查询', '请求头']);

const OTHER: Readonly<Record<Language, Language>> = { en: 'zh', zh: 'en' };

/** Keeps the words below `place` in `language`; the answer ends that. */
export function followWords(place: HTMLElement, language: Language): () => void {
  const from = OTHER[language];
  const known = new Map(Object.values(words).map((word) => [word[from], word[language]]));
  const labels = new Map(LABELS.map((label) => [label[from], label[language]]));
  const change = () => {
    for (const name of ['aria-label', 'title'])
      for (const one of place.querySelectorAll(`[${name}]`)) {
        const said = labels.get(one.getAttribute(name)!);
        if (said !== undefined) one.setAttribute(name, said);
      }
    const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const around = node.parentElement;
      const text = node.nodeValue ?? '';
      // A value's label stands in emphasis inside a paragraph of Swagger's own.
      if (around?.tagName !== 'I' && around?.closest(OWN)) continue;
      if (PLAIN.has(text.trim()) && !around?.closest(PLACE)) continue;
      const said = known.get(text.trim());
      if (said !== undefined) node.nodeValue = text.replace(text.trim(), said);
    }
  };
  const observer = new MutationObserver(() => {
    change();
    nameFields(place);
  });
  observer.observe(place, { subtree: true, childList: true, characterData: true });
  change();
  nameFields(place);
  return () => observer.disconnect();
}

/** Swagger UI leaves the fields of parameters without a name: each gets its parameter's. */
function nameFields(place: HTMLElement): void {
  for (const row of place.querySelectorAll<HTMLElement>('tr[data-param-name]'))
    for (const field of row.querySelectorAll('select:not([aria-label]), input:not([aria-label])'))
      field.setAttribute('aria-label', row.dataset['paramName'] ?? '');
}
