/** Light, dark or the system's: Weir's own colours and shapes over antd's components. */
import { ConfigProvider, theme as antTheme, type ThemeConfig } from 'antd';
import en from 'antd/locale/en_US';
import zh from 'antd/locale/zh_CN';
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { useLanguage } from './language.tsx';

export type ThemeChoice = 'light' | 'dark' | 'system';

interface ThemeUse {
  readonly choice: ThemeChoice;
  /** What is drawn now. */
  readonly dark: boolean;
  choose(choice: ThemeChoice): void;
}

const KEY = 'weir.theme';
const ThemeContext = createContext<ThemeUse | undefined>(undefined);

const SHARED: ThemeConfig['token'] = {
  borderRadius: 8,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif",
  fontFamilyCode: "ui-monospace, 'SF Mono', 'Cascadia Code', Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace",
  fontSize: 14,
  wireframe: false,
  motion: true,
  motionDurationMid: '0.12s',
  motionDurationSlow: '0.16s',
};

/**
 * For those who want no motion. Both parts belong together: antd waits for the end of a motion it begins, so a style that only
 * shortens them leaves windows and lists half open.
 */
const STILL: ThemeConfig['token'] = { motion: false, motionDurationFast: '0s', motionDurationMid: '0s', motionDurationSlow: '0s' };

const LIGHT: ThemeConfig['token'] = {
  ...SHARED,
  colorPrimary: '#0f6b82',
  colorInfo: '#0f6b82',
  colorLink: '#0b5c70',
  colorSuccess: '#1f7a3f',
  colorWarning: '#9a5b00',
  colorError: '#b3261e',
  // Grounds of notes: derived from such dark colours they would come out grey.
  colorSuccessBg: '#e9f6ed',
  colorSuccessBorder: '#a5d6b5',
  colorWarningBg: '#fdf4e3',
  colorWarningBorder: '#e8c88c',
  colorErrorBg: '#fdeceb',
  colorErrorBorder: '#efb5b0',
  colorInfoBg: '#e5f3f6',
  colorInfoBorder: '#a5d0db',
  // Edges of fields, boxes and buttons stand out 3:1 from what is around them (WCAG 2.2, 1.4.11).
  colorBorder: '#87939e',
  colorBgLayout: '#f5f7f9',
  colorTextSecondary: '#4a5661',
  colorTextTertiary: '#5d6a75',
  colorTextDescription: '#4f5b66',
  colorTextPlaceholder: '#66727d',
};

const DARK: ThemeConfig['token'] = {
  ...SHARED,
  colorPrimary: '#2aa5c0',
  colorInfo: '#4db8cf',
  colorLink: '#6cc7dc',
  colorSuccess: '#5bbf7f',
  colorWarning: '#e0a340',
  colorError: '#ff8a80',
  colorBorder: '#64737f',
  colorBgLayout: '#10161c',
  colorBgContainer: '#182028',
  colorBgElevated: '#1e2831',
  colorTextSecondary: '#b6c2cc',
  colorTextTertiary: '#9fadb8',
  colorTextDescription: '#aebac5',
  colorTextPlaceholder: '#8c9aa6',
};

/** Keeps the theme for everything below. */
export function ThemeProvider({ children }: { readonly children: ReactNode }) {
  const { language } = useLanguage();
  const [choice, setChoice] = useState<ThemeChoice>(() => (localStorage.getItem(KEY) as ThemeChoice | null) ?? 'system');
  const systemDark = useMedia('(prefers-color-scheme: dark)');
  const still = useMedia('(prefers-reduced-motion: reduce)');
  const dark = choice === 'dark' || (choice === 'system' && systemDark);
  useEffect(() => {
    document.documentElement.style.background = dark ? '#10161c' : '#f5f7f9';
    document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }, [dark]);
  const value = useMemo<ThemeUse>(
    () => ({
      choice,
      dark,
      choose(chosen) {
        localStorage.setItem(KEY, chosen);
        setChoice(chosen);
      },
    }),
    [choice, dark],
  );
  const config = useMemo<ThemeConfig>(
    () => ({
      // One antd on the page: its rules need no mark of their version, and are shorter to write and to match.
      hashed: false,
      algorithm: dark ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
      token: { ...(dark ? DARK : LIGHT), ...(still ? STILL : {}) },
      components: dark ? DARK_PARTS : PARTS,
    }),
    [dark, still],
  );
  return (
    <ThemeContext value={value}>
      <ConfigProvider theme={ANY_MOTION}>
        <ConfigProvider theme={config} locale={language === 'zh' ? zh : en} button={{ autoInsertSpace: false }}>
          {children}
        </ConfigProvider>
      </ConfigProvider>
    </ThemeContext>
  );
}

/**
 * antd wraps what stands below once its motion first differs from what stands above: everything would be made anew, and what is
 * typed with it. Differing from the start, it is wrapped from the start, and a later change of the system's wish moves nothing.
 */
const ANY_MOTION: ThemeConfig = { token: { motion: false } };

const PARTS: ThemeConfig['components'] = {
  Table: { cellPaddingBlockMD: 10 },
  Layout: { headerHeight: 52 },
  Segmented: { trackBg: '#e4eaee', itemColor: '#4a5661' },
};
// White on the dark theme's light accents has too little contrast.
const DARK_PARTS: ThemeConfig['components'] = {
  ...PARTS,
  Segmented: { trackBg: '#0b1015', itemSelectedBg: '#31414d' },
  Button: { primaryColor: '#03151a', dangerColor: '#1d0503' },
  Switch: { colorTextLightSolid: '#03151a' },
  Tabs: { itemSelectedColor: '#6cc7dc', itemHoverColor: '#6cc7dc', inkBarColor: '#6cc7dc' },
};

/** The theme in use. */
export function useTheme(): ThemeUse {
  const found = use(ThemeContext);
  if (!found) throw new Error('no ThemeProvider above');
  return found;
}

/** Whether a media query holds; follows the system while the page is open. */
function useMedia(media: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(media).matches);
  useEffect(() => {
    const query = matchMedia(media);
    const changed = () => setHolds(query.matches);
    changed();
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, [media]);
  return holds;
}
