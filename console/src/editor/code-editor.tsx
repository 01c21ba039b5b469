/** A text editor for code. The editor itself comes in a chunk of its own; until then its place is kept. */
import { lazy, Suspense } from 'react';
import { Waiting } from '../ui/waiting.tsx';
import type { EditorMark } from './marks.ts';
import type { SqlTables } from '../forms/form-use.ts';

const CodeMirror = lazy(() => import('./code-mirror.tsx'));

export interface EditorProps {
  readonly value: string;
  readonly onChange?: (text: string) => void;
  readonly language: 'yaml' | 'json' | 'sql' | 'text';
  /** Name for assistive technology. */
  readonly label: string;
  readonly id?: string;
  /** Id of the element with help and problems. */
  readonly describedBy?: string;
  readonly readOnly?: boolean;
  /** Lines with something to say. */
  readonly marks?: readonly EditorMark[];
  /** Tables and columns for completion in SQL. */
  readonly sqlTables?: SqlTables;
  /** Height in px; grows with the text up to `maxHeight` when left out. */
  readonly height?: number;
  readonly maxHeight?: number;
  /** Given, once it stands, a function that puts a text where the caret is. */
  readonly onReady?: (insert: (text: string) => void) => void;
  /** Ctrl/⌘ Enter. */
  readonly onRun?: () => void;
}

/** Draws the editor; Tab leaves it, as the keyboard demands (Escape, then Tab, is not needed). */
export function CodeEditor(props: EditorProps) {
  const place = (
    <div className="weir-editor" style={{ height: props.height ?? 160 }}>
      <Waiting />
    </div>
  );
  return (
    <Suspense fallback={place}>
      <CodeMirror {...props} />
    </Suspense>
  );
}
