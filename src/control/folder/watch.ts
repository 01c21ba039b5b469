/**
 * The watched folder: what lies in it is what serves. Looks every second; acts when two looks found the same
 * and that differs from what was applied last. Nothing is lost by accident: a folder that is gone changes
 * nothing, files that cannot be read stop all deletions, and a look that would delete much waits for a person.
 *
 *   look ─▶ same twice? ─▶ dry run ─▶ deletes too much? held : applied ─▶ incidents say what is wrong
 */
import type { Cancel, Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import type { Log } from '../../base/log.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import type { Store } from '../../store/types.ts';
import problems from '../resources/problems.ts';
import { createTurnQueue } from '../resources/queue.ts';
import type { ApplyOptions, ApplyResult, Resources } from '../resources/types.ts';
import { deletesTooMuch, isSound } from './judge.ts';
import { createReports } from './reports.ts';
import { FOLDER_LIMITS, type FolderContents, type FolderLimits, type ReadCache, readFolder } from './read-folder.ts';

export interface FolderWatchParts {
  readonly folder: string;
  readonly resources: Pick<Resources, 'apply'>;
  readonly store: Pick<Store, 'incidents'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** Between two looks; 1 s when left out. */
  readonly intervalMs?: number;
  readonly limits?: FolderLimits;
}

/** What a look led to. */
export type LookOutcome = 'unreadable' | 'unsettled' | 'unchanged' | 'held' | 'applied';

export interface FolderWatch {
  /** Looks once, now; the timer does the same. */
  look(): Promise<LookOutcome>;
  /** Lets a held look happen. Raises `no-hold` when `incident` is none, or the folder changed since. */
  confirmHold(incident: string, by: { readonly name: string }): Promise<ApplyResult>;
  /** The file a resource was last read from, relative to the folder; undefined before the first look and for others. */
  fileOf(key: ResourceKey): string | undefined;
  close(): Promise<void>;
}

const INTERVAL_MS = 1_000;
/** A look with refused documents is tried again after this many quiet looks: what they lean on may have come. */
const RETRY_LOOKS = 30;

interface Memory {
  /** Hash of the last look. */
  seen: string | undefined;
  /** Hash of what was applied, or is held. */
  done: string | undefined;
  held: boolean;
  refused: boolean;
  quietLooks: number;
}

/** Starts looking at once; `close` stops it. */
export function watchFolder(parts: FolderWatchParts): FolderWatch {
  const { clock, log } = parts;
  const looker = createLooker(parts);
  const turns = createTurnQueue(100, () => problems.raise.busy({ values: { limit: 100 } }));
  let next: Cancel | undefined;
  let closed = false;
  const look = (): Promise<LookOutcome> => turns.run(looker.look);
  const schedule = (): void => {
    if (closed) return;
    const again = (error?: unknown): void => {
      // The store may be away for a while: the next look starts from the same memory.
      if (error) log.error('a look at the watched folder failed', { error: String(error) });
      schedule();
    };
    const lookAndGoOn = (): void => void look().then(() => again(), again);
    next = clock.after(parts.intervalMs ?? INTERVAL_MS, lookAndGoOn, { unref: true });
  };
  schedule();
  return {
    look,
    confirmHold: (incident, by) =>
      turns.run(async () => {
        const result = await looker.confirm(incident);
        log.info('a held change of the watched folder was confirmed', { incident, by: by.name });
        return result;
      }),
    fileOf: looker.fileOf,
    async close() {
      closed = true;
      next?.();
      await turns.run(async () => undefined);
    },
  };
}

interface Looker {
  look(): Promise<LookOutcome>;
  confirm(incident: string): Promise<ApplyResult>;
  fileOf(key: ResourceKey): string | undefined;
}

/** One look after another over the same memory. */
function createLooker(parts: FolderWatchParts): Looker {
  const cache: ReadCache = new Map();
  const memory: Memory = { seen: undefined, done: undefined, held: false, refused: false, quietLooks: 0 };
  const reports = createReports(parts);
  let files: ReadonlyMap<string, string> = new Map();
  const read = (): Promise<FolderContents> => readFolder(parts.folder, cache, parts.limits ?? FOLDER_LIMITS);
  const carryOut = async (contents: FolderContents): Promise<ApplyResult> => {
    const result = await applyContents(parts, contents, {});
    files = new Map(result.results.flatMap(({ key, file }) => (key && file !== undefined ? [[nameOf(key), file] as const] : [])));
    Object.assign(memory, { done: contents.hash, held: false, refused: result.refused || contents.unreadable.length > 0 });
    await reports.applied(contents, result);
    return result;
  };
  const act = async (contents: FolderContents): Promise<LookOutcome> => {
    const tooMuch = deletesTooMuch(await applyContents(parts, contents, { dryRun: true }));
    if (tooMuch) {
      await reports.held(contents.hash, tooMuch);
      Object.assign(memory, { done: contents.hash, held: true, refused: false });
      return 'held';
    }
    await carryOut(contents);
    return 'applied';
  };
  return {
    async look() {
      const contents = await read().catch((error: unknown) => reports.unreadable(error));
      if (!contents) return 'unreadable';
      await reports.readable();
      const settled = memory.seen === contents.hash;
      memory.seen = contents.hash;
      if (!settled) return 'unsettled';
      const due = memory.refused && ++memory.quietLooks >= RETRY_LOOKS;
      if (memory.done === contents.hash && !due) return memory.held ? 'held' : 'unchanged';
      memory.quietLooks = 0;
      return act(contents);
    },
    async confirm(incident) {
      const held = await parts.store.incidents.get(incident);
      const isOpen = held?.kind === 'folder-held' && held.closedAt === null;
      const contents = isOpen ? await read() : undefined;
      if (!contents || contents.hash !== held!.data['hash']) throw problems.raise['no-hold']({ values: { id: incident } });
      return carryOut(contents);
    },
    fileOf: (key) => files.get(nameOf(key)),
  };
}

const nameOf = ({ project, kind, name }: ResourceKey): string => `${project}/${kind}/${name}`;

/** Documents of readable files; deletions only when every file could be read to its end. */
function applyContents(parts: FolderWatchParts, contents: FolderContents, options: Partial<ApplyOptions>): Promise<ApplyResult> {
  const sources = contents.files.map(({ name, text }) => ({ file: name, text }));
  const prune = contents.unreadable.length === 0 && isSound(contents.files);
  return parts.resources.apply(sources, {
    actor: { name: 'folder', kind: 'folder', address: undefined },
    manager: 'folder',
    prune,
    ...options,
  });
}
