/** Verbs over documents: apply, diff, dump, validate. */
import type { ApplyResult, Client, DocumentResult } from '../../../generated/client.ts';
import { fill, type Text } from '../../base/text.ts';
import { EXIT } from '../exit.ts';
import { readDocuments } from '../files.ts';
import type { OfflineCheck } from '../io.ts';
import problems from '../problems.ts';
import type { Shape } from '../render.ts';
import type { Given, Verb, VerbOption } from '../verb.ts';

const FILES: VerbOption = {
  flags: '-f, --file <place>',
  many: true,
  help: { en: 'File, folder or - (standard input); may be repeated.', zh: '文件、目录或 -（标准输入），可重复。' },
};
const PRUNE: VerbOption = {
  flags: '--prune',
  help: { en: 'Deletes what the API owns in these projects and no document names.', zh: '删除这些项目中由 API 管理但文档未提及的资源。' },
};

const NOTHING: Text = { en: 'No document was found; nothing to do.', zh: '未找到任何文档，无需处理。' };

/** Between two looks; the first come sooner, since most resources are there within some milliseconds. */
const POLL_MS = 300;
const POLL_FIRST_MS = 10;
/** Part of the verb's time that is waited, so that there is some left to say for what. */
const WAIT_SHARE = 0.9;

const changes: Shape<DocumentResult> = {
  columns: [
    { title: { en: 'OUTCOME', zh: '结果' }, value: (r) => r.outcome },
    { title: { en: 'RESOURCE', zh: '资源' }, value: (r) => (r.key ? `${r.key.project}/${r.key.kind}/${r.key.name}` : '?') },
    { title: { en: 'VERSION', zh: '版本' }, value: (r) => r.version, right: true },
    { title: { en: 'WHERE', zh: '位置' }, value: (r) => (r.file || r.line ? `${r.file ?? '-'}:${r.line ?? 1}` : null) },
  ],
  name: (r) => (r.key ? `${r.key.project}/${r.key.kind}/${r.key.name}` : '?'),
};

const apply: Verb = {
  name: 'apply',
  summary: { en: 'Creates and changes the resources of documents.', zh: '按文档新建和修改资源。' },
  arguments: [{ name: '[files...]', help: { en: 'Files or folders, as with -f.', zh: '文件或目录，同 -f。' } }],
  options: [
    FILES,
    PRUNE,
    { flags: '--dry-run', help: { en: 'Says what would happen and changes nothing.', zh: '只说明将发生什么，不做更改。' } },
    { flags: '--wait', help: { en: 'Waits until everything serves, or says what does not.', zh: '等待全部生效，或说明未生效的原因。' } },
  ],
  async run(given) {
    const { options, out } = given;
    const client = given.client();
    const sources = await sourcesOf(given);
    const dryRun = options['dryRun'] === true;
    const prune = options['prune'] === true;
    if (prune && !dryRun) await confirmPrune(given, client, sources);
    const { data } = await client.applyDocuments({ query: { dryRun, prune }, body: { sources } });
    out.list(data.results, changes);
    if (data.results.length === 0) out.note(NOTHING);
    const refused = tellRefused(given, data);
    if (dryRun) out.note({ en: 'Dry run: nothing was changed.', zh: '试运行：未做任何更改。' });
    const waiting = options['wait'] === true && !dryRun ? await waitForReady(given, client, data.results) : 0;
    return refused || waiting > 0 ? EXIT.failed : EXIT.ok;
  },
};

const diff: Verb = {
  name: 'diff',
  summary: {
    en: 'Shows what applying documents would change; exits 3 when something would.',
    zh: '显示应用文档会带来的更改；有差异时退出码为 3。',
  },
  arguments: [{ name: '[files...]', help: { en: 'Files or folders, as with -f.', zh: '文件或目录，同 -f。' } }],
  options: [FILES, PRUNE],
  async run(given) {
    const sources = await sourcesOf(given);
    const { data } = await given.client().diffDocuments({ query: { prune: given.options['prune'] === true }, body: { sources } });
    if (data.results.length === 0) given.out.note(NOTHING);
    const changed = data.results.filter((r) => r.outcome !== 'unchanged' && r.outcome !== 'refused');
    if (given.out.form === 'table') changed.forEach((r) => given.out.diff(r.diff || `${r.outcome} ${changes.name(r)}`));
    else given.out.list(changed, changes);
    if (tellRefused(given, data)) return EXIT.failed;
    return changed.length > 0 ? EXIT.different : EXIT.ok;
  },
};

const dump: Verb = {
  name: 'dump',
  summary: { en: 'Prints resources as documents; applying them changes nothing.', zh: '以文档形式输出资源；再次应用不产生更改。' },
  arguments: [
    { name: '[kind]', help: { en: 'Only this kind.', zh: '仅此类型。' } },
    { name: '[name]', help: { en: 'Only names with this part.', zh: '仅名称包含此内容的资源。' } },
  ],
  options: [{ flags: '--all-projects', help: { en: 'Every project, not only one.', zh: '所有项目。' } }],
  async run(given) {
    const [kind, name] = given.args;
    const query = { kind, name, ...(given.options['allProjects'] === true ? {} : { project: given.project }) };
    given.out.text((await given.client().dumpDocuments({ query, accept: 'application/yaml' })).text);
  },
};

const checks: Shape<OfflineCheck> = {
  columns: [
    { title: { en: 'RESULT', zh: '结果' }, value: (c) => (c.problems.length === 0 ? 'ok' : 'failed') },
    { title: { en: 'RESOURCE', zh: '资源' }, value: (c) => (c.key ? `${c.key.project}/${c.key.kind}/${c.key.name}` : '?') },
    { title: { en: 'WHERE', zh: '位置' }, value: (c) => (c.file ? `${c.file}:${c.line ?? 1}` : c.line) },
  ],
  name: (c) => (c.key ? `${c.key.project}/${c.key.kind}/${c.key.name}` : '?'),
};

const validate: Verb = {
  name: 'validate',
  summary: { en: 'Checks documents on this machine, without a server.', zh: '在本机检查文档，无需服务器。' },
  arguments: [{ name: '[files...]', help: { en: 'Files or folders, as with -f.', zh: '文件或目录，同 -f。' } }],
  options: [
    FILES,
    { flags: '--complete', help: { en: 'References must resolve among these documents.', zh: '引用必须能在这些文档中解析。' } },
  ],
  async run(given) {
    const found = await given.offline.validate(await sourcesOf(given), {
      complete: given.options['complete'] === true,
      language: given.language,
    });
    given.out.list(found, checks);
    if (found.length === 0) given.out.note(NOTHING);
    for (const check of found) {
      for (const { pointer, detail, file, line } of check.problems) {
        given.out.note(
          { en: '{where} {pointer}  {detail}', zh: '{where} {pointer}  {detail}' },
          { where: `${file ?? check.file ?? '-'}:${line ?? check.line ?? 1}`, pointer, detail },
        );
      }
    }
    return found.some((check) => check.problems.length > 0) ? EXIT.failed : EXIT.ok;
  },
};

/** The named files; the current folder is never taken by itself. */
async function sourcesOf(given: Given) {
  const places = [...((given.options['file'] as readonly string[] | undefined) ?? []), ...given.rest];
  if (places.length === 0 && given.io.stdin.isTTY) throw problems.raise['nothing-named']();
  return readDocuments(given.io, places.length > 0 ? places : ['-']);
}

async function confirmPrune(given: Given, client: Client, sources: { file: string; text: string }[]): Promise<void> {
  const { data } = await client.diffDocuments({ query: { prune: true }, body: { sources } });
  const gone = data.results.filter((r) => r.outcome === 'deleted').map(changes.name);
  if (gone.length === 0) return;
  const list = gone.slice(0, 10).join(', ') + (gone.length > 10 ? ', …' : '');
  const question: Text = { en: 'delete {count} resource(s): {list}', zh: '删除 {count} 个资源：{list}' };
  await given.confirm({ en: fill(question, 'en', { count: gone.length, list }), zh: fill(question, 'zh', { count: gone.length, list }) });
}

function tellRefused(given: Given, { results, refused }: ApplyResult): boolean {
  for (const { problems: faults, file, line } of results) {
    for (const problem of faults) {
      const where = `${problem.file ?? file ?? '-'}:${problem.line ?? line ?? 1}`;
      given.io.stderr.write(`${where} ${problem.pointer}  ${problem.detail}\n`);
    }
  }
  return refused;
}

/** Polls until no resource is pending, or the verb's time is nearly over; answers how many do not serve, and says why. */
async function waitForReady(given: Given, client: Client, results: readonly DocumentResult[]): Promise<number> {
  const keys = results.filter((r) => r.key && r.outcome !== 'deleted' && r.outcome !== 'refused').map((r) => r.key!);
  const failed: string[] = [];
  const { clock } = given.io;
  const end = clock.monotonic() + given.timeoutMs * WAIT_SHARE;
  for (const key of keys) {
    let { data } = await client.getResourceStatus({ params: key });
    for (let waitMs = POLL_FIRST_MS; data.state === 'pending' && clock.monotonic() < end; waitMs = Math.min(POLL_MS, waitMs * 2)) {
      await clock.sleep(waitMs);
      ({ data } = await client.getResourceStatus({ params: key }));
    }
    if (data.state === 'failed' || data.state === 'pending')
      failed.push(`${key.project}/${key.kind}/${key.name}: ${data.state}: ${data.reason}`);
  }
  for (const line of failed) given.io.stderr.write(`${line}\n`);
  return failed.length;
}

export default [apply, diff, dump, validate];
