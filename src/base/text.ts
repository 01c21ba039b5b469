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

function shown(value: unknown, language: Language): string {
  const { en, zh } = (value ?? {}) as Partial<Text>;
  return typeof en === 'string' && typeof zh === 'string' ? { en, zh }[language] : String(value);
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
