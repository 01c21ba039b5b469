/** What all editors share: keys, colours of Weir's themes, words of the reader's language. Part of the editor's chunk. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { SQLDialect, StandardSQL, sql } from '@codemirror/lang-sql';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { SqlTables } from '../forms/form-use.ts';
import type { Language } from '../ui/language.tsx';
import { chinesePhrases } from './phrases.ts';

const style = (dark: boolean) =>
  HighlightStyle.define([
    { tag: [tags.keyword, tags.operatorKeyword], color: dark ? '#c99bff' : '#7a1fa2' },
    { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], color: dark ? '#6cc7dc' : '#0b5c70' },
    { tag: [tags.string, tags.special(tags.string)], color: dark ? '#9fd08b' : '#2c6b16' },
    { tag: [tags.number, tags.bool, tags.null, tags.typeName], color: dark ? '#f0b775' : '#8a4b00' },
    { tag: [tags.comment, tags.lineComment, tags.blockComment], color: dark ? '#9fadb8' : '#56636e', fontStyle: 'italic' },
    { tag: tags.invalid, color: dark ? '#ff8a80' : '#b3261e' },
  ]);

const frame = (dark: boolean, height: number | undefined, maxHeight: number) =>
  EditorView.theme(
    {
      '&': {
        backgroundColor: 'var(--weir-surface)',
        color: 'var(--weir-text)',
        fontSize: '13px',
        ...(height === undefined ? { maxHeight: `${maxHeight}px` } : { height: `${height}px` }),
      },
      '&.cm-focused': { outline: '2px solid #2aa5c0', outlineOffset: '-1px' },
      '.cm-scroller': {
        fontFamily: "ui-monospace, 'SF Mono', 'Cascadia Code', Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace",
        overflow: 'auto',
      },
      '.cm-content': { caretColor: 'var(--weir-text)' },
      '.cm-cursor': { borderLeftColor: 'var(--weir-text)' },
      '.cm-gutters': { backgroundColor: 'var(--weir-ground)', color: 'var(--weir-text-quiet)', borderRight: '1px solid var(--weir-line)' },
      '.cm-activeLine': { backgroundColor: dark ? '#ffffff0a' : '#0000000a' },
      '.cm-activeLineGutter': { backgroundColor: 'var(--weir-chosen)' },
      '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
        backgroundColor: dark ? '#2b5560' : '#b9dfe7',
      },
      '.cm-tooltip': { backgroundColor: 'var(--weir-surface)', color: 'var(--weir-text)', border: '1px solid var(--weir-line)' },
      '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--weir-chosen)', color: 'var(--weir-text)' },
      '.cm-panels': { backgroundColor: 'var(--weir-ground)', color: 'var(--weir-text)' },
    },
    { dark },
  );

/** Colours that follow the theme, words that follow the language. */
export function looks(dark: boolean, language: Language, height: number | undefined, maxHeight: number): Extension {
  return [frame(dark, height, maxHeight), syntaxHighlighting(style(dark)), language === 'zh' ? EditorState.phrases.of(chinesePhrases) : []];
}

/** Keys and behaviour. Tab moves on to the next control, so the keyboard is never caught. */
export function behaviour(): Extension {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    lintGutter(),
    EditorView.lineWrapping,
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap]),
  ];
}

/** Grammar and completion of a language. */
export function grammar(language: 'yaml' | 'json' | 'sql' | 'text', tables: SqlTables = {}): Extension {
  if (language === 'yaml') return yaml();
  if (language === 'json') return json();
  if (language !== 'sql') return [];
  const schema = Object.fromEntries(Object.entries(tables).map(([table, columns]) => [table, [...columns]]));
  return sql({ dialect: DIALECT, schema, upperCaseKeywords: true });
}

/** Weir's parameters, `#{name}`, begin with what standard SQL takes for nothing at all. */
const DIALECT = SQLDialect.define({ ...StandardSQL.spec, specialVar: '#', doubleQuotedStrings: false });
