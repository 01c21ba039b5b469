/** The difference of two texts in CodeMirror's unified view. Loaded by `diff-view.tsx` only. */
import { unifiedMergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { useLanguage } from '../ui/language.tsx';
import { useTheme } from '../ui/theme.tsx';
import type { DiffProps } from './diff-view.tsx';
import { behaviour, grammar, looks } from './setup.ts';
import './editor.css';

const HEIGHT_MAX = 420;

export default function MergeText({ before, after, label, language = 'yaml' }: DiffProps) {
  const { language: words } = useLanguage();
  const { dark } = useTheme();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const view = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: after,
        extensions: [
          behaviour(),
          grammar(language),
          looks(dark, words, undefined, HEIGHT_MAX),
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ 'aria-label': label }),
          unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 } }),
        ],
      }),
    });
    return () => view.destroy();
  }, [before, after, label, language, dark, words]);
  return <div ref={place} className="weir-editor" />;
}
