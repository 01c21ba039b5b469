/**
 * The face of the resources room: what the admin API, the CLI and the watched folder call.
 *
 *   text of documents ─▶ parse ─▶ validate ─▶ plan (references, owners, deletions) ─▶ store ─▶ compile ─▶ revision
 *
 * Every text that leaves here holds placeholders (`${kept:…}`) where a secret value was written.
 */
import type { ProblemPointer } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';
import type { ListOrder, ListPlace } from '../../sdk/list-order.ts';
import type { Manager, ResourceKey } from '../../sdk/resource.ts';
import type { Permission } from '../api/caller.ts';
import type { ChangedText, TextChange } from '../documents/change.ts';

/** Who changes something, as audit names them. */
export interface Actor {
  /** User name, token name, `local-cli`, or `folder`. */
  readonly name: string;
  /** `user` when left out. */
  readonly kind?: 'user' | 'token' | 'local-cli' | 'folder' | 'system';
  readonly address: string | undefined;
}

/** One file or request body of documents; `file` stands in messages. */
export interface SourceText {
  readonly file?: string;
  readonly text: string;
}

/** What happened, or in a dry run would happen, to one document. */
export type Outcome = 'created' | 'updated' | 'unchanged' | 'deleted' | 'refused';

export interface DocumentResult {
  readonly outcome: Outcome;
  readonly file: string | undefined;
  /** Line of the document's first token in its file, from 1; undefined for a deletion. */
  readonly line: number | undefined;
  /** Undefined when the document does not say which resource it is. */
  readonly key: ResourceKey | undefined;
  /** Version after the change, or before it when refused; undefined when there is none. */
  readonly version: number | undefined;
  readonly release: string | undefined;
  /** Why it was refused: empty exactly when it was not. */
  readonly problems: readonly ProblemPointer[];
  /** True when it was refused because this actor may not make the change. */
  readonly denied?: boolean;
  /** Unified diff of the stored text, empty when nothing changes. Holds no secret. */
  readonly diff: string;
}

export interface ApplyOptions {
  readonly actor: Actor;
  readonly manager: Manager;
  /** The documents are older versions: history and audit say so. */
  readonly rollback?: boolean;
  /** Says what would happen and changes nothing. */
  readonly dryRun?: boolean;
  /** Deletes what this manager owns in the documents' projects and no document names; nothing while a document does not say what it is. */
  readonly prune?: boolean;
  /**
   * Projects the caller may touch; documents of others are refused. Undefined = all. Prune reaches those
   * projects of them that the documents name, for the folder all.
   */
  readonly projects?: readonly string[];
  /** Asked for each change: why this actor may not make it, or undefined. */
  readonly forbid?: (key: ResourceKey) => Text | undefined;
  /** Kinds this actor may not read: prune passes their resources over without a word. */
  readonly unseen?: readonly string[];
  /** For who may only look: a secret value they write never proves to be the stored one, so that none can be guessed. */
  readonly blind?: boolean;
}

export interface ApplyResult {
  /** In the order of the documents, deletions last. */
  readonly results: readonly DocumentResult[];
  /** True when at least one was refused. */
  readonly refused: boolean;
}

/** Where a resource stands: written is not yet serving. */
export interface ResourceStatus {
  readonly state: 'ready' | 'pending' | 'failed' | 'disabled';
  /** Why it is not ready, in words for people; undefined when it is. */
  readonly reason: Text | undefined;
  /** Release that serves now, when an older good one still does; undefined when none serves. */
  readonly serving: string | undefined;
  /** Publish warnings, such as a database login that could write. */
  readonly warnings: readonly Text[];
  /** What is worth knowing of it now: addresses that are open, hosts of a certificate and its end. */
  readonly notes?: readonly Text[];
}

/** A resource as API and CLI show it. */
export interface ResourceView extends ResourceKey {
  readonly manager: Manager;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly enabled: boolean;
  /** People's form; secret values as placeholders. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** The document as written, comments included; secret values as placeholders. */
  readonly text: string;
  /** Grows by one with each change; its ETag is `"<version>"`. */
  readonly version: number;
  readonly release: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
  readonly status: ResourceStatus;
}

/** `key` is project, kind and name. */
export type ResourceOrderField = 'key' | 'name' | 'kind' | 'updated' | 'version' | 'state';

export interface ListQuery {
  readonly projects?: readonly string[];
  readonly kind?: string;
  /** Kinds to leave out, whatever else is asked. */
  readonly exceptKinds?: readonly string[];
  readonly manager?: Manager;
  /** Part of the name. */
  readonly name?: string;
  /** All of these labels, with these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Part of the document as written, so of its name and description too; whatever the case of its letters. */
  readonly text?: string;
  readonly state?: ResourceStatus['state'];
  /** By project, kind and name when left out. */
  readonly order?: ListOrder<ResourceOrderField>;
  /** At most 1000; 100 when left out. */
  readonly limit?: number;
  /** `next` of the page before, in the same order. */
  readonly after?: ListPlace;
}

export interface ResourcePage {
  readonly items: readonly ResourceView[];
  readonly next: ListPlace | undefined;
}

export interface HistoryItem {
  readonly version: number;
  readonly change: 'created' | 'updated' | 'rolled-back' | 'deleted';
  readonly release: string;
  readonly at: number;
  readonly by: string;
  /** Text of that version; secret values as placeholders. */
  readonly text: string;
}

/** Conditions of a single change, from `If-Match` and `If-None-Match: *`. */
export interface Condition {
  readonly ifMatch?: number;
  readonly mustNotExist?: boolean;
}

/** A change of one resource by API or form. `document` is YAML or JSON text, or the parsed document. */
export interface PutOptions extends Condition {
  readonly actor: Actor;
  readonly forbid?: ApplyOptions['forbid'];
  /** Projects the credential reaches; all when left out. */
  readonly projects?: ApplyOptions['projects'];
  readonly dryRun?: boolean;
}

/** Offline check of documents: syntax, kinds, schemas, and references among these documents only when `complete`. */
export interface ValidateOptions {
  /** The documents are a whole configuration: references must resolve among them. */
  readonly complete?: boolean;
}

export interface DocumentCheck {
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly key: ResourceKey | undefined;
  readonly problems: readonly ProblemPointer[];
}

/**
 * All of it. Methods raise problems of `core/resources`: not-found, changed-since, exists, in-use,
 * folder-owned, invalid (with every pointer), too-large, reading-busy, reading-given-up.
 */
export interface Resources {
  /** Pure; never touches the store. */
  validate(sources: readonly SourceText[], options?: ValidateOptions): Promise<DocumentCheck[]>;
  /** Changes a text at pointers and stores nothing. */
  change(text: string, changes: readonly TextChange[]): Promise<ChangedText>;
  apply(sources: readonly SourceText[], options: ApplyOptions): Promise<ApplyResult>;
  /** `apply` as a dry run. */
  diff(sources: readonly SourceText[], options: ApplyOptions): Promise<ApplyResult>;
  list(query: ListQuery): Promise<ResourcePage>;
  /** Raises not-found, with a "did you mean". */
  get(key: ResourceKey): Promise<ResourceView>;
  /** Texts of all matching resources as one multi-document YAML stream; applying it changes nothing. */
  dump(query: Pick<ListQuery, 'projects' | 'kind' | 'exceptKinds' | 'name' | 'labels'>): Promise<string>;
  put(key: ResourceKey, document: string | Readonly<Record<string, unknown>>, options: PutOptions): Promise<DocumentResult>;
  delete(key: ResourceKey, options: PutOptions): Promise<DocumentResult>;
  setEnabled(key: ResourceKey, enabled: boolean, options: PutOptions): Promise<DocumentResult>;
  /** Newest first; works for deleted resources too. */
  history(key: ResourceKey, options?: { limit?: number; before?: number }): Promise<HistoryItem[]>;
  /** Unified diff of two versions' texts. */
  diffVersions(key: ResourceKey, from: number, to: number): Promise<string>;
  /** Writes the text of `version` (the one before the newest when left out) as a new version; brings back a deleted resource. */
  rollback(key: ResourceKey, version: number | undefined, options: PutOptions): Promise<DocumentResult>;
  /** Resources that name this one, sorted. */
  usedBy(key: ResourceKey): Promise<ResourceKey[]>;
  status(key: ResourceKey): Promise<ResourceStatus>;
  /** Kinds known here, for `explain`, forms and route tables. */
  kinds(): readonly KindView[];
}

/** A kind as documentation and forms see it. */
export interface KindView {
  readonly kind: string;
  /** Kebab-case, as in paths of the admin API: `data-apis`. */
  readonly plural: string;
  readonly title: { readonly en: string; readonly zh: string };
  readonly summary: { readonly en: string; readonly zh: string };
  /** Permission that reading its resources asks for, besides `resources:read`. */
  readonly readAccess?: Permission;
  /** JSON Schema of `spec`, people's form, extensions' variants included. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Example documents, as YAML. */
  readonly examples: readonly { readonly title: { readonly en: string; readonly zh: string }; readonly text: string }[];
}
