/** The document being built: opened from what serves or from a draft, kept in the browser with every keystroke. */
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { api, ProblemAnswer } from '../../api/client.ts';
import { type DocumentStore, type DocumentView, openDocument } from '../../documents/document-store.ts';
import { dropDraft, keepDraft, readDraft } from '../../documents/draft.ts';
import type { Change } from '../../forms/change.ts';

const EDIT_AFTER_MS = 500;

export interface ApiDocument {
  readonly view: DocumentView;
  readonly store: DocumentStore;
  readonly change: (change: Change) => void;
  /** ms since 1970 at which the draft was kept last; undefined when nothing differs from what serves. */
  readonly keptAt: number | undefined;
  /** A draft was found and taken up. */
  readonly restored: { readonly at: number; readonly outdated: boolean } | undefined;
  /** Forgets the draft. */
  readonly forget: () => void;
}

/** Opens the document of `resource`, or a new one; `key` names its draft. */
export function useApiDocument(key: string, resource: Resource | undefined, first: string): ApiDocument {
  const base = resource?.text ?? first;
  const [opened] = useState(() => {
    const draft = readDraft(localStorage, key);
    const store = openDocument({
      text: draft?.text ?? base,
      edit: async (text, changes) => (await api.editDocument({ body: { text, changes: [...changes] as { pointer: string }[] } })).data,
      isRefusal: (failure) => failure instanceof ProblemAnswer && failure.problem.status < 500 && failure.problem.status !== 401,
      later: (work) => {
        const timer = setTimeout(work, EDIT_AFTER_MS);
        return () => clearTimeout(timer);
      },
    });
    for (const change of draft?.changes ?? []) store.change(change);
    void store.settle();
    const restored = draft && { at: draft.at, outdated: draft.version !== resource?.version };
    return { store, restored };
  });
  const { store, restored } = opened;
  const view = useSyncExternalStore(store.subscribe, store.view);
  const [keptAt, setKeptAt] = useState(restored?.at);
  const differs = view.text !== base || view.waiting.length > 0;
  const version = resource?.version;
  useEffect(() => {
    if (!differs) return;
    const at = Date.now();
    const draft = { at, text: view.text, changes: view.waiting, ...(version === undefined ? {} : { version }) };
    if (keepDraft(localStorage, key, draft)) setKeptAt(at);
  }, [key, differs, view.text, view.waiting, version]);
  return useMemo(
    () => ({
      view,
      store,
      change: store.change,
      keptAt: differs ? keptAt : undefined,
      restored,
      forget: () => dropDraft(localStorage, key),
    }),
    [view, store, differs, keptAt, restored, key],
  );
}
