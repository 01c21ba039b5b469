/** Resources: what people write. One document form for console, CLI, files and admin API (DESIGN §4). */
export const API_VERSION = 'weir/v1';

export interface Metadata {
  readonly name: string;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string | undefined;
}

/** A document after parsing: `spec` still in people's form. */
export interface ResourceDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly enabled: boolean;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** `project/kind/name`: the identity of a resource. */
export interface ResourceKey {
  readonly project: string;
  readonly kind: string;
  readonly name: string;
}

export type Manager = 'folder' | 'api';

/** A stored resource. */
export interface StoredResource extends ResourceKey {
  readonly manager: Manager;
  /** The document exactly as written, comments included; secret values replaced by their stored form. */
  readonly text: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly enabled: boolean;
  /** Counts up by one with each change of this resource; also its ETag. */
  readonly version: number;
  /** Content hash of the canonical spec with secrets as HMACs. */
  readonly release: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
}
