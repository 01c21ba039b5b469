/**
 * antd speaks to screen readers in English only in some places, and takes no other words there: they follow the reader. Its
 * icons, which stand beside words, are not read at all.
 */
import type { Language, Text as Words } from './language.tsx';

const WORDS: readonly Words[] = [
  { en: 'Increase Value', zh: '增加' },
  { en: 'Decrease Value', zh: '减少' },
  { en: 'Clear', zh: '清除' },
  { en: 'Close', zh: '关闭' },
  { en: 'Select all', zh: '全选' },
  { en: 'Custom selection', zh: '自定义选择' },
  { en: 'segmented control', zh: '分段选择' },
  // Buttons that are an icon and no more.
  { en: 'Search', zh: '搜索' },
  { en: 'More', zh: '更多' },
  { en: 'Show the password', zh: '显示密码' },
  { en: 'Hide the password', zh: '隐藏密码' },
];
const ICONS: Readonly<Record<string, string>> = {
  'eye-invisible': 'Show the password',
  eye: 'Hide the password',
  search: 'Search',
  ellipsis: 'More',
  'close-circle': 'Clear',
};
/** What a tab says of its place while it has the focus. */
const TAB = { en: /^Tab (\d+) of (\d+)$/, zh: /^第 (\d+) 个标签，共 (\d+) 个$/ };
const OTHER: Readonly<Record<Language, Language>> = { en: 'zh', zh: 'en' };

/** The words of antd in `language`, from either language; undefined for words that are not antd's. */
export function antdWords(said: string, language: Language): string | undefined {
  const known = WORDS.find((word) => word[OTHER[language]] === said);
  if (known) return known[language];
  const [, number, all] = TAB[OTHER[language]].exec(said) ?? [];
  if (number === undefined) return undefined;
  return language === 'zh' ? `第 ${number} 个标签，共 ${all} 个` : `Tab ${number} of ${all}`;
}

/** Keeps antd's words on the page in `language`; the answer ends that. */
export function followAntd(page: HTMLElement, language: Language): () => void {
  const look = (part: Element) => {
    mend(part, language);
    for (const one of part.querySelectorAll('[aria-label], [aria-live]')) mend(one, language);
  };
  const observer = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'attributes') mend(target as Element, language);
      else for (const node of addedNodes) if (node instanceof Element) look(node);
    }
  });
  observer.observe(page, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'] });
  look(page);
  return () => observer.disconnect();
}

function mend(part: Element, language: Language): void {
  const label = part.getAttribute('aria-label');
  if (label !== null) {
    const isIcon = part.classList.contains('anticon');
    if (isIcon && !namesButton(part)) part.setAttribute('aria-hidden', 'true');
    const said = isIcon ? (ICONS[label] ?? label) : label;
    const words = antdWords(said, language) ?? said;
    if (words !== label) part.setAttribute('aria-label', words);
  }
  const text = part.firstChild;
  if (part.hasAttribute('aria-live') && text instanceof Text && part.childNodes.length === 1) {
    const words = antdWords(text.data, language);
    if (words !== undefined) text.data = words;
  }
}

/** True for an icon that is pressed, or is all that a button has to be called by. */
function namesButton(icon: Element): boolean {
  if (icon.hasAttribute('tabindex')) return true;
  const button = icon.closest('button, [role=button]');
  return button !== null && !button.hasAttribute('aria-label') && button.textContent.trim() === '';
}
