/**
 * Look-ups in one revision that each call makes, remembered: consumer with plan by name, credential by digest. Their keys
 * are texts that would have to be joined per call. In: a revision. Out: what it says, as objects that stay the same.
 */
import type { StoredCredential } from '../sdk/auth.ts';
import type { CompiledConsumer, CompiledCredential } from '../sdk/revision.ts';
import type { LivePlan } from './instances.ts';
import type { LiveRevision } from './revision-state.ts';

/** A consumer as calls are let in by. */
export interface Admission {
  /** `project/name`. */
  readonly id: string;
  readonly project: string;
  readonly consumer: CompiledConsumer | undefined;
  readonly plan: LivePlan | undefined;
}

interface Found {
  readonly project: string;
  readonly type: string;
  readonly credential: StoredCredential;
}

/** Results of look-ups whose keys would have to be joined for each call; bounded, and gone with the revision. */
export interface RevisionMemory {
  readonly admissions: Map<string, Admission>;
  readonly credentials: Map<string, Found>;
}

const REMEMBERED_MAX = 4096;

/** The consumer `name` of `project`, with its plan: the same object each time while it is remembered. */
export function admission(revision: LiveRevision, project: string, name: string): Admission {
  const { admissions } = revision.memory;
  const known = admissions.get(name);
  if (known?.project === project) return known;
  const id = `${project}/${name}`;
  const consumer = revision.consumers.get(id);
  const plan = consumer?.plan === undefined ? undefined : revision.plans.get(`${project}/${consumer.plan}`);
  const found = { id, project, consumer, plan };
  if (consumer) remember(admissions, name, found);
  return found;
}

/** The memory a new revision begins with. */
export function noMemory(): RevisionMemory {
  return { admissions: new Map(), credentials: new Map() };
}

/** The credential of `type` with this SHA-256, if its consumer exists: the same object each time while it is remembered. */
export function findCredential(revision: LiveRevision, project: string, type: string, sha256: string): StoredCredential | undefined {
  const { credentials } = revision.memory;
  const known = credentials.get(sha256);
  if (known?.project === project && known.type === type) return known.credential;
  const found = revision.credentials.get(credentialKey({ project, type, sha256 }));
  const consumer = found && revision.consumers.get(`${project}/${found.consumer}`);
  if (!found || !consumer) return undefined;
  const credential = Object.freeze({
    consumer: Object.freeze({
      id: `${project}/${consumer.name}`,
      name: consumer.name,
      project,
      plan: consumer.plan,
      credentialId: found.id,
    }),
    expiresAt: found.expiresAt,
    enabled: consumer.enabled,
  });
  remember(credentials, sha256, { project, type, credential });
  return credential;
}

/** Key of a credential among those of a revision. */
export function credentialKey(value: Pick<CompiledCredential, 'project' | 'type' | 'sha256'>): string {
  return `${value.project} ${value.type} ${value.sha256}`;
}

function remember<V>(memory: Map<string, V>, key: string, value: V): void {
  if (memory.size >= REMEMBERED_MAX) memory.clear();
  memory.set(key, value);
}
