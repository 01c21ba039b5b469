/** The two choices that stand on every page, login too: language and theme. */
import { useLanguage } from './language.tsx';
import { type ThemeChoice, useTheme } from './theme.tsx';

const texts = {
  language: { en: 'Language', zh: '语言' },
  theme: { en: 'Theme', zh: '主题' },
  light: { en: 'Light', zh: '浅色' },
  dark: { en: 'Dark', zh: '深色' },
  system: { en: 'As the system', zh: '跟随系统' },
};

/** Changes the language at once. */
export function LanguageSwitch() {
  const { language, choose, say } = useLanguage();
  return (
    <select
      className="weir-choice"
      aria-label={say(texts.language)}
      data-testid="language"
      value={language}
      onChange={(event) => choose(event.target.value === 'zh' ? 'zh' : 'en')}
    >
      <option value="en">English</option>
      <option value="zh">简体中文</option>
    </select>
  );
}

const THEMES: readonly ThemeChoice[] = ['light', 'dark', 'system'];

/** Light, dark, or the system's. */
export function ThemeSwitch() {
  const { say } = useLanguage();
  const { choice, choose } = useTheme();
  return (
    <select
      className="weir-choice"
      aria-label={say(texts.theme)}
      data-testid="theme"
      value={choice}
      onChange={(event) => choose(event.target.value as ThemeChoice)}
    >
      {THEMES.map((name) => (
        <option key={name} value={name}>
          {say(texts[name])}
        </option>
      ))}
    </select>
  );
}
