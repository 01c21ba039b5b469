/** Verbs over single resources: get, describe, delete, enable, disable, explain, rollback, history. */
import { ProblemAnswer, type Resource, type ResourceVersion, type TargetHealth } from '../../../generated/client.ts';
import { fill, type Text, verbatim } from '../../base/text.ts';
import problems from '../problems.ts';
import type { Shape } from '../render.ts';
import type { Given, Verb, VerbArgument } from '../verb.ts';

const KIND: VerbArgument = {
  name: '<kind>',
  help: {
    en: 'Kind, such as Route or data-apis; or kind and name in one: Route/orders, shop/Route/orders.',
    zh: '资源类型，如 Route 或 data-apis；也可连名称一起写：Route/orders、shop/Route/orders。',
  },
};
const NAME: VerbArgument = { name: '[name]', help: { en: 'Name of the resource.', zh: '资源名称。' } };
const DRY_RUN = { flags: '--dry-run', help: { en: 'Says what would happen and changes nothing.', zh: '只说明将发生什么，不做更改。' } };

const PAGE = 500;
const PAGES_MAX = 200;

const rows: Shape<Resource> = {
  columns: [
    { title: { en: 'PROJECT', zh: '项目' }, value: (r) => r.project },
    { title: { en: 'KIND', zh: '类型' }, value: (r) => r.kind },
    { title: { en: 'NAME', zh: '名称' }, value: (r) => r.name },
    { title: { en: 'STATE', zh: '状态' }, value: (r) => r.status.state },
    { title: { en: 'VERSION', zh: '版本' }, value: (r) => r.version, right: true },
    { title: { en: 'OWNER', zh: '管理者' }, value: (r) => r.manager },
    { title: { en: 'CHANGED BY', zh: '修改者' }, value: (r) => r.updatedBy },
    { title: { en: 'REASON', zh: '原因' }, value: (r) => r.status.reason },
  ],
  name: (r) => `${r.project}/${r.kind}/${r.name}`,
};

const get: Verb = {
  name: 'get',
  summary: { en: 'Lists resources, or prints one as written (-o yaml).', zh: '列出资源，或输出某一资源的原文（-o yaml）。' },
  arguments: [
    { name: '[kind]', help: KIND.help },
    { name: '[name]', help: NAME.help },
  ],
  options: [
    { flags: '-l, --label <key=value>', many: true, help: { en: 'Only with this label; may be repeated.', zh: '仅含此标签，可重复。' } },
    { flags: '--all-projects', help: { en: 'Every project, not only one.', zh: '所有项目。' } },
  ],
  async run(given) {
    const [kind, name] = given.args;
    if (name || kind?.includes('/')) return getOne(given, paramsOf(given));
    given.out.list(await listAll(given, kind), rows);
  },
};

async function getOne(given: Given, params: Named): Promise<void> {
  if (given.out.form === 'yaml') given.out.text((await given.client().getResource({ params, accept: 'application/yaml' })).text);
  else {
    const { data } = await given.client().getResource({ params });
    if (given.out.form === 'table' || given.out.form === 'csv') given.out.list([data], rows);
    else given.out.one(data, rows);
  }
}

async function listAll(given: Given, kind: string | undefined): Promise<Resource[]> {
  const client = given.client();
  const label = given.options['label'] as string[] | undefined;
  const items: Resource[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = { kind, label, after, limit: PAGE, ...(given.options['allProjects'] === true ? {} : { project: given.project }) };
    const { data } = await client.listResources({ query });
    items.push(...data.items);
    if (data.next === null) break;
    after = data.next;
  }
  return items;
}

const describe: Verb = {
  name: 'describe',
  summary: { en: 'Shows everything about a resource: standing, use, text.', zh: '显示资源的全部信息：状态、被引用、原文。' },
  arguments: [KIND, NAME],
  async run(given) {
    const params = paramsOf(given);
    const client = given.client();
    const [{ data }, { data: uses }] = await Promise.all([client.getResource({ params }), client.listResourceUses({ params })]);
    const { text, spec: _, createdAt, updatedAt, ...rest } = data;
    const usedBy = uses.items.map((key) => `${key.project}/${key.kind}/${key.name}`);
    const health = data.kind === 'Upstream' ? (await client.getUpstreamHealth({ params: data })).data : undefined;
    const known = health && { targets: health.targets, discoveryFailure: health.discoveryFailure };
    if (given.out.form !== 'table') return given.out.one({ ...data, usedBy, ...known }, rows);
    given.out.one(
      { ...rest, created: given.out.time(createdAt), updated: given.out.time(updatedAt), usedBy },
      { name: () => rows.name(data) },
    );
    given.out.text(`\n${text}`);
    if (!known) return;
    given.out.text('\n');
    given.out.list(known.targets, targetsShape(given));
    const { discoveryFailure: reason } = known;
    if (reason) given.out.text(fill(DISCOVERY_FAILS, given.language, { reason: verbatim(reason) }));
  },
};

const STATES: Readonly<Record<TargetHealth['state'], Text>> = {
  ok: { en: 'ok', zh: '正常' },
  failing: { en: 'failing since {since}', zh: '自 {since} 起失败' },
  starting: { en: 'starting since {since}', zh: '自 {since} 起逐步恢复' },
  ejected: { en: 'ejected since {since}: {reason}', zh: '自 {since} 起被剔除：{reason}' },
  unhealthy: { en: 'unhealthy since {since}: {reason}', zh: '自 {since} 起不健康：{reason}' },
  unused: { en: 'not used yet', zh: '尚未使用' },
};

const DISCOVERY_FAILS: Text = {
  en: 'Discovery fails ({reason}); targets that it found before stay in use.',
  zh: '发现失败（{reason}）；此前发现的目标继续使用。',
};

/** What the gateways know of an upstream's targets. */
function targetsShape({ out, language }: Given): Shape<TargetHealth> {
  return {
    columns: [
      { title: { en: 'TARGET', zh: '目标' }, value: (t) => t.address },
      { title: { en: 'WEIGHT', zh: '权重' }, value: (t) => t.weight, right: true },
      {
        title: { en: 'STATE', zh: '状态' },
        value: (t) =>
          fill(STATES[t.state], language, { since: out.time(t.stateSince ?? t.failingSince), reason: verbatim(t.stateReason ?? '') }),
      },
      { title: { en: 'LAST SUCCESS', zh: '最近成功' }, value: (t) => out.time(t.lastSuccessAt) },
      { title: { en: 'LAST FAILURE', zh: '最近失败' }, value: (t) => `${out.time(t.lastFailureAt)} ${t.lastFailure ?? ''}`.trim() },
      { title: { en: 'REQUESTS', zh: '请求数' }, value: (t) => t.requests, right: true },
      { title: { en: 'OPEN', zh: '已打开' }, value: (t) => t.open, right: true },
      { title: { en: 'IDLE', zh: '空闲' }, value: (t) => t.idle, right: true },
    ],
    name: (t) => t.address,
  };
}

const remove: Verb = {
  name: 'delete',
  summary: {
    en: 'Deletes resources; refused while others use them. Takes what get -o name prints.',
    zh: '删除资源；仍被引用时拒绝。可直接使用 get -o name 的输出。',
  },
  arguments: [
    {
      name: '<resource...>',
      help: {
        en: 'Kind and name of one: Route orders; or several in one word each: Route/orders shop/Plan/gold.',
        zh: '单个资源的类型与名称：Route orders；或多个，每个写成一项：Route/orders shop/Plan/gold。',
      },
    },
  ],
  options: [DRY_RUN],
  async run(given) {
    const all = severalOf(given);
    const dryRun = given.options['dryRun'] === true;
    const names = all.map(nameOf).join(', ');
    if (!dryRun) await given.confirm(both({ en: 'delete {names}', zh: '删除 {names}' }, { names }));
    const client = given.client();
    await untilNoneIsUsed(all, async (params) => {
      await client.deleteResource({ params, query: { dryRun } });
      const gone = { en: '{name} deleted.', zh: '已删除 {name}。' };
      given.out.note(dryRun ? { en: '{name} would be deleted.', zh: '将删除 {name}。' } : gone, { name: nameOf(params) });
    });
  },
};

/** Deletes users before used, whatever the order given; ends when a round deletes nothing. */
async function untilNoneIsUsed(all: readonly Named[], act: (params: Named) => Promise<void>): Promise<void> {
  for (let left = all; left.length > 0; ) {
    const used: Named[] = [];
    let last: unknown;
    for (const params of left) {
      try {
        await act(params);
      } catch (error) {
        if (!(error instanceof ProblemAnswer) || error.problem.code !== 'core/resources/in-use') throw error;
        used.push(params);
        last = error;
      }
    }
    if (used.length === left.length) throw last;
    left = used;
  }
}

const switches: Verb[] = (['enable', 'disable'] as const).map((word) => ({
  name: word,
  summary:
    word === 'enable'
      ? { en: 'Switches a resource on.', zh: '启用资源。' }
      : { en: 'Switches a resource off, keeping it.', zh: '停用资源，但保留。' },
  arguments: [KIND, NAME],
  async run(given) {
    const params = paramsOf(given);
    const call = word === 'enable' ? given.client().enableResource : given.client().disableResource;
    const { data } = await call({ params });
    const values = { name: `${params.project}/${params.kind}/${params.name}` };
    if (data.outcome === 'unchanged') given.out.note({ en: '{name} was so already.', zh: '{name} 已是该状态。' }, values);
    else if (word === 'enable') given.out.note({ en: '{name} is switched on.', zh: '已启用 {name}。' }, values);
    else given.out.note({ en: '{name} is switched off.', zh: '已停用 {name}。' }, values);
  },
}));

const versions: Shape<ResourceVersion> = {
  columns: [
    { title: { en: 'VERSION', zh: '版本' }, value: (v) => v.version, right: true },
    { title: { en: 'CHANGE', zh: '更改' }, value: (v) => v.change.replace('-', ' ') },
    { title: { en: 'BY', zh: '操作者' }, value: (v) => v.by },
    { title: { en: 'AT', zh: '时间' }, value: (v) => new Date(v.at).toISOString() },
    { title: { en: 'RELEASE', zh: '发布' }, value: (v) => v.release.slice(0, 12) },
  ],
  name: (v) => String(v.version),
};

const history: Verb = {
  name: 'history',
  summary: { en: 'Lists the versions of a resource, or shows how two differ.', zh: '列出资源版本，或比较两个版本。' },
  arguments: [
    KIND,
    NAME,
    { name: '[from]', help: { en: 'Older version to compare.', zh: '要比较的旧版本。' } },
    { name: '[to]', help: { en: 'Newer version to compare.', zh: '要比较的新版本。' } },
  ],
  async run(given) {
    const params = paramsOf(given);
    const [from, to] = restOf(given).map((text) => (text === undefined ? undefined : versionOf(text)));
    if (from === undefined) return given.out.list((await given.client().listResourceVersions({ params })).data.items, versions);
    const newest = to ?? (await given.client().getResource({ params })).data.version;
    given.out.diff((await given.client().diffResourceVersions({ params, query: { from, to: newest } })).data.diff);
  },
};

const VERSION_HELP = {
  en: 'Version to go back to (see history); the one before the newest when left out.',
  zh: '目标版本（见 history）；省略则为最新版本的前一版本。',
};

const rollback: Verb = {
  name: 'rollback',
  summary: { en: 'Brings an older version of a resource back, as a new version.', zh: '将资源的旧版本作为新版本恢复。' },
  arguments: [KIND, NAME, { name: '[version]', help: VERSION_HELP }],
  options: [DRY_RUN],
  async run(given) {
    const params = paramsOf(given);
    const [version] = restOf(given);
    const body = { ...(version === undefined ? {} : { version: versionOf(version) }), dryRun: given.options['dryRun'] === true };
    const { data } = await given.client().rollbackResource({ params, body });
    given.out.diff(data.diff);
    given.out.note(
      { en: '{name} is at version {version} now.', zh: '{name} 当前版本为 {version}。' },
      { name: params.name, version: data.version },
    );
  },
};

interface Named {
  readonly project: string;
  readonly kind: string;
  readonly name: string;
}

const nameOf = ({ project, kind, name }: Named): string => `${project}/${kind}/${name}`;

/** The resource that `Kind name`, `Kind/name` or `project/Kind/name` means. */
function paramsOf(given: Given): Named {
  const [kind, name] = given.args;
  if (kind!.includes('/')) return readName(kind!, given.project);
  if (name === undefined) throw missingName(kind!);
  return { project: given.project, kind: kind!, name };
}

/** Arguments after the resource. */
function restOf(given: Given): readonly (string | undefined)[] {
  return given.args.slice(given.args[0]!.includes('/') ? 1 : 2);
}

function severalOf(given: Given): Named[] {
  const [kind, name, ...more] = given.rest;
  if (given.rest.every((word) => word.includes('/'))) return given.rest.map((word) => readName(word, given.project));
  if (name === undefined || name.includes('/') || more.length > 0) throw missingName(kind!);
  return [{ project: given.project, kind: kind!, name }];
}

function readName(word: string, project: string): Named {
  const parts = word.split('/');
  const [name, kind, within = project] = parts.reverse();
  if (parts.length > 3 || !name || !kind || !within) throw missingName(word);
  return { project: within, kind, name };
}

function missingName(value: string): Error {
  return problems.raise['bad-value']({ values: { what: verbatim('<kind> <name>'), value, example: 'Route orders, Route/orders' } });
}

function versionOf(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw problems.raise['bad-value']({ values: { what: verbatim('<version>'), value: text, example: '3' } });
  return Number(text);
}

function both(text: Text, values: Record<string, unknown>): Text {
  return { en: fill(text, 'en', values), zh: fill(text, 'zh', values) };
}

export default [get, describe, remove, ...switches, history, rollback];
