/**
 * The sample project from control's side: its files, documents, keys and first runs.
 * Loaded once; a removed one stays removed until somebody loads it again.
 */
import { tell } from '../base/text.ts';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Sample, SampleReport, Keys } from '../control/api/parts.ts';
import type { Actor, Resources, ResourceView } from '../control/resources/types.ts';
import type { RunRequests } from '../control/run-requests.ts';
import { Problem } from '../base/problem.ts';
import { SAMPLE_LABEL, sampleDocuments } from '../sample/documents.ts';
import { createErp, createMes } from '../sample/factory.ts';
import sampleProblems from '../sample/problems.ts';
import type { Audit } from '../control/access/audit.ts';
import type { SettingTable } from '../store/types.ts';
import { clock, ownPorts } from './common.ts';
import type { RoleConfig } from './config.ts';
import { chooseSamplePlaces, SAMPLE_FOLDER } from './sample-places.ts';

export interface SampleNeeds {
  readonly role: RoleConfig;
  readonly resources: Resources;
  readonly keys: Keys;
  readonly runRequests: RunRequests;
  readonly settings: SettingTable;
  readonly audit: Audit;
  /** Starts or stops the sample's outside world (a role of the supervisor). */
  world(running: boolean): void;
}

const SETTING = 'sample';
const PROJECT = 'default';
export const KEYS_FILE = 'sample-keys';
const CONSUMERS = ['shop-app', 'partner'] as const;
const PIPELINES = ['crm-to-warehouse', 'erp-to-warehouse', 'mes-to-warehouse'] as const;
/** A resource that others name is deleted after them: at most this many rounds. */
const DELETE_ROUNDS = 6;

/** Makes the sample's face for admin API and CLI. */
export function createSample(needs: SampleNeeds): Sample {
  const { settings, role } = needs;
  const folder = path.join(role.fileRoots[0]!, SAMPLE_FOLDER);
  const stateOf = async (): Promise<SampleReport['state']> => ((await settings.get(SETTING)) as SampleReport['state'] | null) ?? 'absent';
  return {
    async status() {
      return { state: await stateOf(), notes: [] };
    },
    async load(actor) {
      if ((await stateOf()) === 'loaded')
        return { state: 'loaded', notes: [{ en: 'The sample is loaded already.', zh: '示例项目已加载。' }] };
      makeFiles(folder);
      const places = await chooseSamplePlaces(role.dataFolder, ownPorts(role));
      needs.world(true);
      const applied = await needs.resources.apply([{ file: 'sample.yaml', text: sampleDocuments(places) }], { actor, manager: 'api' });
      if (applied.refused) {
        needs.world(false);
        throw sampleProblems.raise['not-loaded']({ errors: applied.results.flatMap((r) => r.problems) });
      }
      await makeKeys(needs, actor);
      await settings.put(SETTING, 'loaded');
      await needs.audit({ actor, action: 'sample.load', subject: PROJECT, detail: `${applied.results.length} resources` });
      await startRuns(needs, actor);
      return {
        state: 'loaded',
        notes: [tell(LOADED, { count: applied.results.length, file: path.join(role.dataFolder, KEYS_FILE) })],
      };
    },
    async remove(actor) {
      const users = await foreignUsers(needs.resources);
      if (users.length > 0) throw sampleProblems.raise['still-used']({ values: { names: users.join(', ') } });
      const deleted = await removeResources(needs.resources, actor);
      needs.world(false);
      for (const name of ['erp.db', 'mes.db', 'warehouse.db']) {
        for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path.join(folder, `${name}${suffix}`), { force: true });
      }
      rmSync(path.join(role.dataFolder, KEYS_FILE), { force: true });
      await settings.put(SETTING, 'removed');
      await needs.audit({ actor, action: 'sample.remove', subject: PROJECT, detail: `${deleted} resources` });
      return {
        state: 'removed',
        notes: [{ en: `${deleted} resources deleted, with their files and keys.`, zh: `已删除 ${deleted} 个资源及其文件和密钥。` }],
      };
    },
  };
}

/** At a start: loads the sample when asked to and never loaded, and brings back its outside world. */
export async function resumeSample(sample: Sample, needs: SampleNeeds): Promise<void> {
  const { state } = await sample.status();
  if (state === 'loaded') return needs.world(true);
  if (state === 'absent' && needs.role.loadSample)
    await sample.load({ name: 'weir', kind: 'system', address: undefined }, new AbortController().signal);
}

function makeFiles(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path.join(folder, 'erp.db'))) createErp(path.join(folder, 'erp.db'));
  if (!existsSync(path.join(folder, 'mes.db'))) createMes(path.join(folder, 'mes.db'));
}

/** One key per consumer; the file is the only place where they can be read again. */
async function makeKeys({ keys, role }: SampleNeeds, actor: Actor): Promise<void> {
  const lines: string[] = [];
  for (const consumer of CONSUMERS) {
    for (const old of await keys.list(PROJECT, consumer)) if (old.revokedAt === null) await keys.revoke(PROJECT, old.id, actor);
    const { secret } = await keys.create({ project: PROJECT, consumer, expiresAt: null }, actor);
    lines.push(`${consumer}: ${secret}\n`);
  }
  const file = path.join(role.dataFolder, KEYS_FILE);
  rmSync(file, { force: true });
  writeFileSync(file, lines.join(''), { mode: 0o600, flag: 'wx' });
}

async function startRuns({ resources, runRequests }: SampleNeeds, actor: Actor): Promise<void> {
  for (const pipeline of PIPELINES) {
    const { release } = await resources.get({ project: PROJECT, kind: 'Pipeline', name: pipeline });
    const wish = { project: PROJECT, pipeline, release, trigger: 'manual', attemptsMax: 5, dueAt: clock.now(), overlap: 'skip' } as const;
    await runRequests.start(wish, actor);
  }
}

/** What is not of the sample and uses a part of it: asked before anything is deleted. */
async function foreignUsers(resources: Resources): Promise<string[]> {
  const items = await sampleResources(resources);
  const own = new Set(items.map(keyText));
  const users = (await Promise.all(items.map((item) => resources.usedBy(item)))).flat().map(keyText);
  return [...new Set(users)].filter((user) => !own.has(user)).sort();
}

/** Deletes what carries the sample's label, users before used; answers how many. */
async function removeResources(resources: Resources, actor: Actor): Promise<number> {
  let deleted = 0;
  for (let round = 0; round < DELETE_ROUNDS; round++) {
    const items = await sampleResources(resources);
    if (items.length === 0) return deleted;
    for (const item of items) {
      try {
        await resources.delete(item, { actor });
        deleted++;
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'core/resources/in-use') throw error;
      }
    }
  }
  const left = (await sampleResources(resources)).map(keyText); // Somebody began to use a part meanwhile.
  if (left.length > 0) throw sampleProblems.raise['still-used']({ values: { names: left.join(', ') } });
  return deleted;
}

async function sampleResources(resources: Resources): Promise<readonly ResourceView[]> {
  return (await resources.list({ projects: [PROJECT], labels: { [SAMPLE_LABEL]: 'true' }, limit: 1000 })).items;
}

function keyText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`;
}

const LOADED = { en: '{count} resources applied; keys are in {file}.', zh: '已应用 {count} 个资源；密钥保存在 {file}。' };
