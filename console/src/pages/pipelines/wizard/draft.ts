/** What the pipeline wizard holds, and the Pipeline it makes of that. Pure. */
import { freeName, isMadeFrom } from '../../../data/free-name.ts';

export type Write = 'append' | 'upsert' | 'replace';

/** Choices of one stream that differ from the pipeline's own. */
export interface StreamChoice {
  readonly mode?: 'full' | 'incremental';
  readonly cursor?: string;
  readonly write?: Write;
  readonly key?: readonly string[];
}

export interface WizardDraft {
  readonly project: string;
  readonly source: string;
  readonly streams: readonly string[];
  /** Such as `public.*`; carry streams that come later too. */
  readonly patterns: readonly string[];
  readonly sink: string;
  readonly schema: string;
  readonly prefix: string;
  readonly write: Write;
  readonly choices: Readonly<Record<string, StreamChoice>>;
  /** Empty: by hand only. */
  readonly cron: string;
  readonly timezone: string;
  readonly name: string;
  readonly description: string;
}

/** An empty draft; upsert of full reads is what loses nothing. */
export function emptyDraft(project: string, timezone: string): WizardDraft {
  return {
    project,
    source: '',
    streams: [],
    patterns: [],
    sink: '',
    schema: '',
    prefix: '',
    write: 'upsert',
    choices: {},
    cron: '',
    timezone,
    name: '',
    description: '',
  };
}

/** A draft kept by an earlier visit; undefined when it is none, or of another release's shape. */
export function readDraft(text: string | null): WizardDraft | undefined {
  if (text === null) return undefined;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const empty = emptyDraft('', '') as unknown as Record<string, unknown>;
    const fits = Object.keys(empty).every((name) => kindOf(value[name]) === kindOf(empty[name]));
    return fits ? (value as unknown as WizardDraft) : undefined;
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

/** True once something was chosen that would be a pity to lose. */
export function isStarted(draft: WizardDraft): boolean {
  return draft.source !== '';
}

/** `spec` of the Pipeline. Streams with choices of their own stand before the patterns: the first entry that names a stream wins. */
export function specOf(draft: WizardDraft): Record<string, unknown> {
  const { source, sink, schema, prefix, write, cron, timezone } = draft;
  return {
    source: {
      connection: source,
      streams: [...draft.streams.map((name) => entryOf(name, draft)), ...ownChoices(draft), ...draft.patterns],
    },
    sink: { connection: sink, ...(schema ? { schema } : {}), ...(prefix ? { prefix } : {}), write },
    ...(cron ? { schedule: { cron, timezone } } : {}),
  };
}

/** Choices for streams that only a pattern names. */
function ownChoices(draft: WizardDraft): unknown[] {
  if (draft.patterns.length === 0) return [];
  return Object.keys(draft.choices)
    .filter((name) => !draft.streams.includes(name))
    .map((name) => entryOf(name, draft))
    .filter((entry) => typeof entry !== 'string');
}

function entryOf(name: string, { choices }: WizardDraft): unknown {
  const { mode, cursor, write, key } = choices[name] ?? {};
  const own = {
    ...(mode === 'full' ? { mode: 'full' } : mode === 'incremental' && cursor ? { mode: { incremental: { cursor } } } : {}),
    ...(write ? { write } : {}),
    ...(key && key.length > 0 ? { key } : {}),
  };
  return Object.keys(own).length === 0 ? name : { name, ...own };
}

/** The whole document. */
export function documentOf(draft: WizardDraft): Record<string, unknown> {
  const { name, project, description } = draft;
  return {
    apiVersion: 'weir/v1',
    kind: 'Pipeline',
    metadata: { name, ...(project === 'default' ? {} : { project }), ...(description ? { description } : {}) },
    spec: specOf(draft),
  };
}

export const STEPS = ['source', 'streams', 'target', 'modes', 'schedule', 'review'] as const;
export type Step = (typeof STEPS)[number];

/** The first step that lacks something, counted from 0; the last one when nothing is missing. */
export function furthestStep(draft: WizardDraft): number {
  if (draft.source === '') return 0;
  if (draft.streams.length === 0 && draft.patterns.length === 0) return 1;
  if (draft.sink === '') return 2;
  return STEPS.length - 1;
}

/** A name that says what it does, to begin with: the first of its kind that is free is offered. */
export function nameOf({ source, sink }: Pick<WizardDraft, 'source' | 'sink'>): string {
  return freeName(`${source}-to-${sink}`, NOBODY);
}

/** The name somebody typed; '' for one that was offered, since another source or target asks for another. */
export function chosenName(draft: Pick<WizardDraft, 'source' | 'sink' | 'name'>): string {
  return isMadeFrom(draft.name, nameOf(draft)) ? '' : draft.name;
}

const NOBODY: ReadonlySet<string> = new Set();
