/**
 * What the worker knows of the configuration: pipelines and connections, moved from revision to revision.
 * A pipeline that cannot be read keeps its last good form, and the reason is reported.
 */
import { wordsOf } from '../base/problem.ts';
import type { Text } from '../base/text.ts';
import type { ThreadState } from '../sdk/channel.ts';
import { type AnyEntry, type CompiledConnection, EMPTY_REVISION_HASH, entryKey, type RevisionDelta, toggleEntry } from '../sdk/revision.ts';
import { type PipelineSettings, readSettings } from './settings.ts';

export interface WorkerEntries {
  readonly revision: number;
  readonly hash: string;
  /** False when the delta does not follow on, or its result is not what control holds: ask for one from 0. */
  apply(delta: RevisionDelta): boolean;
  pipeline(project: string, name: string): PipelineSettings | undefined;
  pipelines(): PipelineSettings[];
  connection(project: string, name: string): CompiledConnection | undefined;
  failed(): ThreadState['failed'];
}

/** Starts with nothing, at revision 0. */
export function createEntries(): WorkerEntries {
  const entries = new Map<string, AnyEntry>();
  const settings = new Map<string, PipelineSettings>();
  const failures = new Map<string, Text>();
  let revision = 0;
  let hash = EMPTY_REVISION_HASH;
  const remove = (key: string) => {
    const old = entries.get(key);
    if (old) hash = toggleEntry(hash, key, old.hash);
    entries.delete(key);
  };
  const put = (entry: AnyEntry) => {
    remove(entry.key);
    entries.set(entry.key, entry);
    hash = toggleEntry(hash, entry.key, entry.hash);
    failures.delete(entry.key);
    if (entry.type !== 'pipeline') return;
    try {
      settings.set(entry.key, readSettings(entry.value));
    } catch (error) {
      failures.set(entry.key, wordsOf(error));
    }
  };
  return {
    get revision() {
      return revision;
    },
    get hash() {
      return hash;
    },
    apply(delta) {
      if (delta.from !== 0 && delta.from !== revision) return false;
      const kept = delta.from === 0 ? new Set(delta.put.map((entry) => entry.key)) : undefined;
      const gone = kept ? [...entries.keys()].filter((key) => !kept.has(key)) : delta.remove;
      for (const key of gone) {
        remove(key);
        settings.delete(key);
        failures.delete(key);
      }
      for (const entry of delta.put) put(entry);
      revision = delta.to;
      return hash === delta.hash;
    },
    pipeline: (project, name) => settings.get(entryKey('pipeline', project, name)),
    pipelines: () => [...settings.values()],
    connection(project, name) {
      const entry = entries.get(entryKey('connection', project, name));
      return entry?.type === 'connection' ? entry.value : undefined;
    },
    failed: () => [...failures].map(([key, reason]) => ({ key, reason })),
  };
}
