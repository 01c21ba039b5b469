/**
 * Words on the screen: every text is `{ en, zh }` beside the thing it names, chosen at the moment it is drawn,
 * so changing the language needs no reload and no text can be missing in one of them.
 */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react';
import { followAntd } from './antd-words.ts';

export type Language = 'en' | 'zh';

/** One text in both languages; `{name}` marks a value. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

/** Says a text in the reader's language, marks filled. */
export type Say = (text: Text, values?: Readonly<Record<string, string | number>>) => string;

interface LanguageUse {
  readonly language: Language;
  readonly locale: string;
  readonly say: Say;
  choose(language: Language): void;
}

const KEY = 'weir.language';
const LanguageContext = createContext<LanguageUse | undefined>(undefined);

/** The language chosen last, else the browser's. */
export function firstLanguage(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === 'en' || kept === 'zh') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** Keeps the language for everything below. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  const queries = useQueryClient();
  const choose = useCallback(
    (chosen: Language) => {
      localStorage.setItem(KEY, chosen);
      setLanguage(chosen);
      // Some texts are the server's: they come again in the language chosen.
      void queries.invalidateQueries();
    },
    [queries],
  );
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    return followAntd(document.body, language);
  }, [language]);
  const value = useMemo<LanguageUse>(
    () => ({ language, locale: language === 'zh' ? 'zh-CN' : 'en', choose, say: (text, values) => fill(text[language], values) }),
    [language, choose],
  );
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

/** The language in use. */
export function useLanguage(): LanguageUse {
  const found = use(LanguageContext);
  if (!found) throw new Error('no LanguageProvider above');
  return found;
}

/** `say` alone, for the many places that need only it. */
export function useSay(): Say {
  return useLanguage().say;
}

function fill(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : all));
}
