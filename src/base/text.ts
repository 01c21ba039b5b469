/**
 * Words people read, in both languages of the product.
 * A text stands in the file of the thing it names, so that it cannot go missing elsewhere.
 */

/** The languages of console, CLI, problems and reference. */
export type Language = 'en' | 'zh';

/** One text in both languages; `{name}` marks a value filled in by `fill`. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

/** Returns `text` in `language` with every `{name}` replaced by `values.name`; a value may itself be a `Text`. */
export function fill(text: Text, language: Language, values: Record<string, unknown> = {}): string {
  return text[language].replace(/\{(\w+)\}/g, (all, name: string) => (Object.hasOwn(values, name) ? shown(values[name], language) : all));
}

/**
 * Returns `text` with `values` in its marks, in both languages at once: what is passed on, stored and answered later,
 * when the reader's language is known. A value that is itself a `Text` is read in the language around it.
 * @example tell({ en: 'is used by {who}', zh: '被 {who} 使用' }, { who: key.name })
 */
export function tell(text: Text, values?: Record<string, unknown>): Text {
  return { en: fill(text, 'en', values), zh: fill(text, 'zh', values) };
}

/** Words that are not ours, the same in both languages: a server's message, a name, a value. Never a sentence of Weir's. */
export function verbatim(words: string): Text {
  return { en: words, zh: words };
}

/** Returns `texts` as one, with `separator` (or one per language) between them. */
export function joined(texts: readonly Text[], separator: Text | string): Text {
  const between = typeof separator === 'string' ? verbatim(separator) : separator;
  return { en: texts.map((t) => t.en).join(between.en), zh: texts.map((t) => t.zh).join(between.zh) };
}

/** Whether `value` holds one text in both languages. */
export function isText(value: unknown): value is Text {
  const { en, zh } = (value ?? {}) as Partial<Text>;
  return typeof en === 'string' && typeof zh === 'string';
}

function shown(value: unknown, language: Language): string {
  return isText(value) ? value[language] : String(value);
}

/**
 * Chooses a language from an `Accept-Language` header or a `--lang` value; English when in doubt.
 * Source: RFC 9110 §12.5.4 (quality values).
 */
export function chooseLanguage(accepted: string | undefined): Language {
  if (!accepted) return 'en';
  let best: Language = 'en';
  let bestQuality = 0;
  for (const part of accepted.slice(0, 200).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const quality = parameters.map((p) => /^\s*q=([\d.]+)$/.exec(p)?.[1]).find(Boolean);
    const weight = quality === undefined ? 1 : Number(quality);
    const language = tag.startsWith('zh') ? 'zh' : tag.startsWith('en') || tag === '*' ? 'en' : undefined;
    if (language && weight > bestQuality) {
      best = language;
      bestQuality = weight;
    }
  }
  return best;
}
