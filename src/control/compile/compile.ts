/**
 * Resources ─▶ entries, again only for what changed and for what looked at it. Which resources a compile
 * step looked at is remembered, so a new kind need not say what it depends on.
 */
import { contentHash, type Json } from '../../base/json.ts';
import { pointersTold, wordsOf } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';
import type { DataApiCompiler } from '../../sdk/dataapi.ts';
import type { Dialect } from '../../sdk/query.ts';
import { type AnyEntry, entryKey } from '../../sdk/revision.ts';
import type { Catalog, LiveResource } from '../resources/catalog.ts';
import type { Compiled, CompileScope, EntryDraft } from '../resources/define.ts';
import { keyText, type SecretBox } from '../resources/seal.ts';
import { type Look, resolve, type Showing } from './resolve.ts';

/** What became of one resource. */
export interface CompileOutcome {
  /** Undefined when the resource does not exist any more. */
  readonly live: LiveResource | undefined;
  readonly entries: readonly AnyEntry[];
  readonly check: Compiled['check'];
  /** Why it does not serve, or not fully; undefined when all is well. */
  readonly failure: Text | undefined;
  readonly warnings: readonly Text[];
}

export interface CompilerParts {
  readonly catalog: Catalog;
  readonly box: SecretBox;
  readonly dataApis: DataApiCompiler;
  dialect(connector: string): Dialect | undefined;
}

export interface Compiler {
  /** Compiles the changed resources and all that looked at them; by key text. */
  update(changed: Iterable<string>): Map<string, CompileOutcome>;
  /** Compiles one without remembering it: an older version that is to serve on. */
  compileAside(live: LiveResource): CompileOutcome;
  /** Resources compiled since the start, for tests and metrics. */
  readonly compiled: number;
}

/** Makes a compiler that has compiled nothing yet. */
export function createCompiler(parts: CompilerParts): Compiler {
  const looksOf = new Map<string, ReadonlySet<string>>();
  const lookersOf = new Map<string, Set<string>>();
  let compiled = 0;
  const remember = (text: string, looks: ReadonlySet<string>): void => {
    for (const old of looksOf.get(text) ?? []) lookersOf.get(old)?.delete(text);
    for (const target of looks) lookersOf.set(target, (lookersOf.get(target) ?? new Set()).add(text));
    if (looks.size === 0) looksOf.delete(text);
    else looksOf.set(text, looks);
  };
  return {
    get compiled() {
      return compiled;
    },
    update(changed) {
      const due = new Set(changed);
      // A set may grow while it is walked: what looks at what looks at a changed one comes along.
      for (const text of due) for (const looker of lookersOf.get(text) ?? []) due.add(looker);
      const outcomes = new Map<string, CompileOutcome>();
      for (const text of due) {
        const looks = new Set<string>();
        outcomes.set(text, compileOne(parts, parts.catalog.byText(text), looks));
        remember(text, looks);
        compiled += 1;
      }
      return outcomes;
    },
    compileAside: (live) => compileOne(parts, live, new Set()),
  };
}

function compileOne(parts: CompilerParts, live: LiveResource | undefined, looks: Set<string>): CompileOutcome {
  const nothing = { live, entries: [], check: undefined, failure: undefined, warnings: [] };
  if (!live) return nothing;
  if (live.problems.length > 0) return { ...nothing, failure: pointersTold(live.problems) };
  const compile = live.bound?.definition.compile;
  if (!compile) return nothing;
  const run = (showing: Showing): Compiled => {
    const look: Look = (kind, name) => {
      const text = keyText({ project: live.key.project, kind, name });
      looks.add(text);
      return parts.catalog.byText(text);
    };
    const scope: CompileScope = {
      get: (kind, name) => {
        const found = look(kind, name);
        return found && found.problems.length === 0 ? resolve(found, showing, look, parts.box) : undefined;
      },
      dataApis: parts.dataApis,
      dialect: parts.dialect,
      cursorKey: (project, name) => parts.box.hmac('cursor', `${project}/${name}`),
    };
    return compile(resolve(live, showing, look, parts.box) as never, scope);
  };
  try {
    const served = run('served');
    const hashed = looks.size === 0 && live.secretPointers.size === 0 ? served : run('hashed');
    const entries = served.entries.map((draft, index) => toEntry(draft, hashed.entries[index]!));
    return { live, entries, check: served.check, failure: served.failure, warnings: served.warnings ?? [] };
  } catch (error) {
    return { ...nothing, failure: wordsOf(error) };
  }
}

function toEntry(served: EntryDraft, hashed: EntryDraft): AnyEntry {
  const { type, value } = served;
  const name = 'name' in value ? value.name : value.id;
  return Object.freeze({
    type,
    key: entryKey(type, value.project, name),
    hash: contentHash(hashed.value as unknown as Json),
    value,
  }) as AnyEntry;
}
