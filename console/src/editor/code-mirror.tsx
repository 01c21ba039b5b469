/** The editor itself (CodeMirror 6). Loaded by `code-editor.tsx` only. */
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { useLanguage } from '../ui/language.tsx';
import { useTheme } from '../ui/theme.tsx';
import type { EditorProps } from './code-editor.tsx';
import type { EditorMark } from './marks.ts';
import { behaviour, grammar, looks } from './setup.ts';
import './editor.css';

const HEIGHT_MAX = 560;

export default function CodeMirror(props: EditorProps) {
  const { value, language, label, id, describedBy, readOnly = false, marks, sqlTables, height, maxHeight = HEIGHT_MAX } = props;
  const { language: words } = useLanguage();
  const { dark } = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const parts = useRef({ looks: new Compartment(), grammar: new Compartment(), state: new Compartment() });
  const latest = useRef(props);
  latest.current = props;
  // Drawn so from the start, it is measured once: a later change of looks would move its lines.
  const first = useRef({
    looks: looks(dark, words, height, maxHeight),
    grammar: grammar(language, sqlTables),
    state: naming(props),
  });
  // A text that comes from outside is no keystroke: it must not be reported as one.
  const outside = useRef(false);

  useEffect(() => {
    const { looks: a, grammar: b, state: c } = parts.current;
    const made = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => (latest.current.onRun?.(), latest.current.onRun !== undefined) }])),
          behaviour(),
          a.of(first.current.looks),
          b.of(first.current.grammar),
          c.of(first.current.state),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !outside.current) latest.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    latest.current.onReady?.((text) => {
      made.dispatch(made.state.replaceSelection(text));
      made.focus();
    });
    return () => made.destroy();
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.looks.reconfigure(looks(dark, words, height, maxHeight)) });
  }, [dark, words, height, maxHeight]);

  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.grammar.reconfigure(grammar(language, sqlTables)) });
  }, [language, sqlTables]);

  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.state.reconfigure(naming({ label, id, describedBy, readOnly })) });
  }, [label, id, describedBy, readOnly]);

  useEffect(() => {
    const own = view.current;
    if (!own || own.state.doc.toString() === value) return;
    outside.current = true;
    own.dispatch({ changes: smallest(own.state.doc.toString(), value) });
    outside.current = false;
  }, [value]);

  useEffect(() => {
    const own = view.current;
    if (own) own.dispatch(setDiagnostics(own.state, diagnostics(own.state, marks ?? [])));
  }, [marks, value]);

  return <div ref={place} className="weir-editor" data-language={language} />;
}

interface Naming {
  readonly label: string;
  readonly id?: string | undefined;
  readonly describedBy?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

function naming({ label, id, describedBy, readOnly = false }: Naming): Extension {
  const named = { 'aria-label': label, ...(id ? { id } : {}), ...(describedBy ? { 'aria-describedby': describedBy } : {}) };
  return [EditorState.readOnly.of(readOnly), EditorView.contentAttributes.of(named)];
}

/** The one stretch in which two texts differ: the caret outside of it stays where it is. */
function smallest(before: string, after: string) {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from++;
  let tail = 0;
  while (tail < most - from && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return { from, to: before.length - tail, insert: after.slice(from, after.length - tail) };
}

function diagnostics(state: EditorState, marks: readonly EditorMark[]): Diagnostic[] {
  return marks
    .map(({ line, column, text, tone }) => {
      const found = state.doc.line(Math.min(Math.max(1, line), state.doc.lines));
      const indent = found.text.length - found.text.trimStart().length;
      const from = Math.min(found.to, found.from + (column === undefined ? indent : column - 1));
      return { from, to: Math.max(from, found.to), severity: tone, message: text };
    })
    .sort((a, b) => a.from - b.from);
}
