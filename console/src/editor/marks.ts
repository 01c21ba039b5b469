/** Marks on lines of a text. Pure. */

export interface EditorMark {
  /** From 1; a line past the end stands at the last one. */
  readonly line: number;
  /** From 1, where known. */
  readonly column?: number;
  readonly text: string;
  readonly tone: 'error' | 'warning';
}

/** Marks of problems; one without a line stands at the first. */
export function marksOf(problems: readonly { readonly pointer: string; readonly detail: string; readonly line?: number }[]): EditorMark[] {
  return problems.map(({ pointer, detail, line }) => ({
    line: line ?? 1,
    text: pointer ? `${pointer}: ${detail}` : detail,
    tone: 'error',
  }));
}
