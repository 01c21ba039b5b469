/** A document on a page: its text, its draft in the browser, and saving it. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { DocumentResult, Resource } from '../../../generated/client.ts';
import { api, ProblemAnswer } from '../api/client.ts';
import { useSession } from '../api/session.tsx';
import type { Change } from '../forms/change.ts';
import { isObject, type JsonSchema } from '../forms/schema.ts';
import { coverSecrets, mayTellSecret, secretNames } from './cover-secrets.ts';
import { type DocumentStore, type DocumentView, openDocument } from './document-store.ts';
import { type Draft, dropDraft, keepDraft, readDraft } from './draft.ts';
import { secretPointers } from './secret-pointers.ts';

const SETTLE_MS = 300;
const COMEBACK_MS = 2_000;

/** What is edited. */
export interface DocumentSource {
  readonly kind: string;
  readonly project: string;
  /** Undefined for a new resource. */
  readonly resource?: Resource;
  /** Text to begin with. */
  readonly text: string;
  /** Schema of `spec`. */
  readonly schema: JsonSchema;
}

export interface DocumentUse extends DocumentView {
  /** The text that is stored, as far as this page knows. */
  readonly saved: string;
  readonly version: number | undefined;
  readonly dirty: boolean;
  readonly schema: JsonSchema;
  readonly kind: string;
  readonly project: string;
  /** Found when the page was opened, and neither restored nor discarded yet. */
  readonly draft: Draft | undefined;
  /** When what stands here was last kept in the browser, ms since 1970. */
  readonly keptAt: number | undefined;
  change(change: Change): void;
  /** What leaving a field would change: part of the draft, not of the document. Without a change nothing waits there. */
  hold(place: string, change?: Change): void;
  write(text: string): void;
  settle(): Promise<boolean>;
  restore(): void;
  discard(): void;
  /** Begins anew from another stored version: after a merge. */
  rebase(saved: string, version: number): void;
  /** The text with secrets that were typed in the clear covered: what a review may show. */
  covered(): Promise<string>;
  /** Saves, or says with `dryRun` what saving would do. Raises what the server refuses. */
  save(dryRun: boolean): Promise<DocumentResult>;
}

/** Opens a document for as long as the page shows it. */
export function useDocument(source: DocumentSource): DocumentUse {
  const { kind, project, resource, schema } = source;
  const queries = useQueryClient();
  const [store] = useState(() => makeStore(source.text));
  const view = useSyncExternalStore(store.subscribe, store.view);
  const [base, setBase] = useState({ saved: source.text, version: resource?.version });
  const { who } = useSession();
  const draftKey = `${who.name}/${resource ? `${project}/${kind}/${resource.name}` : `new/${kind}`}`;
  const [draft, setDraft] = useState(() => usable(readDraft(localStorage, draftKey), source.text));
  const [held, hold] = useHeldChanges();
  const dirty = view.text !== base.saved || view.waiting.length > 0 || held.length > 0;
  const keptAt = useDraft({ key: draftKey, view, held, schema, version: base.version, active: dirty && draft === undefined });
  useEffect(() => void store.settle(), [store]);
  useComeback(store, view.failure);
  const forget = useCallback(() => {
    dropDraft(localStorage, draftKey);
    setDraft(undefined);
  }, [draftKey]);
  const restore = () => {
    if (!draft) return;
    setDraft(undefined);
    setBase((now) => ({ ...now, version: draft.version }));
    store.write(draft.text);
    for (const change of draft.changes) store.change(change);
  };
  async function save(dryRun: boolean): Promise<DocumentResult> {
    if (!(await store.settle())) throw store.view().failure;
    const { text, value } = store.view();
    const { data } = await api.putResource({
      params: { ...placeOf(value, project), kind },
      query: { dryRun },
      headers: base.version === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${base.version}"` },
      body: { yaml: text },
    });
    if (dryRun) return data;
    dropDraft(localStorage, draftKey);
    setBase({ saved: text, version: data.version ?? undefined });
    await queries.invalidateQueries();
    return data;
  }
  return {
    ...view,
    ...base,
    dirty,
    schema,
    kind,
    project,
    draft,
    keptAt,
    change: store.change,
    hold,
    write: store.write,
    settle: store.settle,
    restore,
    discard: forget,
    covered: () => covered(store.view(), schema, '•••'),
    rebase: (saved, version) => setBase({ saved, version }),
    save,
  };
}

/** Checks again by itself: while nobody answers, and after a new login. */
function useComeback(store: DocumentStore, failure: unknown): void {
  const { who } = useSession();
  useEffect(() => {
    if (store.view().failure !== undefined) void store.settle();
  }, [store, who]);
  useEffect(() => {
    if (failure === undefined || failure instanceof ProblemAnswer) return;
    const timer = setTimeout(() => void store.settle(), COMEBACK_MS);
    return () => clearTimeout(timer);
  }, [store, failure]);
}

/** What fields would change when they are left, by field. */
function useHeldChanges(): readonly [readonly Change[], DocumentUse['hold']] {
  const [held, setHeld] = useState<ReadonlyMap<string, Change>>(NOTHING);
  const hold = useCallback((place: string, change?: Change) => {
    setHeld((before) => {
      if (!change && !before.has(place)) return before;
      const rest = [...before].filter(([other]) => other !== place);
      return new Map(change ? [...rest, [place, change] as const] : rest);
    });
  }, []);
  return [useMemo(() => [...held.values()], [held]), hold];
}

const NOTHING: ReadonlyMap<string, Change> = new Map();

function makeStore(text: string): DocumentStore {
  return openDocument({
    text,
    edit: async (sent, changes) => {
      const { data } = await api.editDocument({ body: { text: sent, changes: [...changes] as Record<string, unknown>[] as never } });
      return data;
    },
    isRefusal: (failure) =>
      failure instanceof ProblemAnswer && failure.problem.status >= 400 && failure.problem.status < 500 && failure.problem.status !== 401,
    later: (work) => {
      const timer = setTimeout(work, SETTLE_MS);
      return () => clearTimeout(timer);
    },
  });
}

/** The view's text with `word` where secrets stand in the clear. */
async function covered({ text, value }: DocumentView, schema: JsonSchema, word: string): Promise<string> {
  const pointers = secretPointers(schema, isObject(value) ? value['spec'] : undefined, '/spec');
  if (pointers.length === 0) return text;
  const changes = pointers.map((pointer) => ({ pointer, value: word }));
  return (await api.editDocument({ body: { text, changes } })).data.text;
}

/** Project and name a document gives itself. */
export function placeOf(value: unknown, project: string): { project: string; name: string } {
  const metadata = isObject(value) && isObject(value['metadata']) ? value['metadata'] : {};
  const { name, project: own } = metadata;
  return { project: typeof own === 'string' ? own : project, name: typeof name === 'string' ? name : '' };
}

/** A draft that says what is stored already is none. */
function usable(draft: Draft | undefined, text: string): Draft | undefined {
  return draft && (draft.text !== text || draft.changes.length > 0) ? draft : undefined;
}

interface DraftUse {
  readonly key: string;
  readonly view: DocumentView;
  /** What fields would change when they are left. */
  readonly held: readonly Change[];
  readonly schema: JsonSchema;
  readonly version: number | undefined;
  readonly active: boolean;
}

/**
 * Keeps what is typed in the browser with each keystroke, so that nothing is lost however soon the page closes; secrets in the
 * clear stay out of it. The server is asked only for texts whose lines do not tell where their secrets end.
 */
function useDraft({ key, view, held, schema, version, active }: DraftUse): number | undefined {
  const [keptAt, setKeptAt] = useState<number>();
  const clean = useRef({ text: '', without: '' });
  const names = useMemo(() => secretNames(schema), [schema]);
  const { text, waiting, value, settled } = view;
  const pointers = useMemo(() => secretPointers(schema, isObject(value) ? value['spec'] : undefined, '/spec'), [schema, value]);
  const latest = useRef({ active, text, waiting });
  const open = [
    ...waiting.filter((change) => !isSecret(change.pointer, pointers, names)),
    ...held.filter((change) => !isSecret(change.pointer, pointers, names) && !mayTellSecret(change, names)),
  ];
  latest.current = { active, text, waiting: open };
  const without =
    settled && isObject(value) && pointers.length === 0
      ? text
      : (coverSecrets(text, names) ?? (clean.current.text === text ? clean.current.without : undefined));
  useEffect(() => {
    if (!active) return;
    const keep = (found: string) => {
      const at = Date.now();
      const changes = latest.current.waiting;
      if (keepDraft(localStorage, key, { at, text: found, changes, ...(version === undefined ? {} : { version }) })) setKeptAt(at);
    };
    if (without !== undefined) keep(without);
    else if (settled && isObject(value)) {
      covered(view, schema, '').then(
        (found) => {
          clean.current = { text, without: found };
          if (latest.current.active && latest.current.text === text) keep(found);
        },
        // Without the server the secret cannot be cut out safely: the draft before it stays.
        () => undefined,
      );
    }
  }, [active, key, view, held, text, value, without, schema, settled, version]);
  return active ? keptAt : undefined;
}

/** True for a change that sets a secret in the clear, or may: its value is not read by anybody yet. */
function isSecret(pointer: string, pointers: readonly string[], names: ReadonlySet<string> | undefined): boolean {
  if (names?.has(pointer.split('/').at(-1)!)) return true;
  return pointers.some((secret) => secret === pointer || secret.startsWith(`${pointer}/`));
}
