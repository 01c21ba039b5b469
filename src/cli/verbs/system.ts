/** Verbs about the installation: up, doctor, status, sample, config, version, incidents, confirm. */
import type { Fleet } from '../../../generated/client.ts';
import { EXIT } from '../exit.ts';
import type { Verb } from '../verb.ts';

const CONFIG = {
  flags: '--config <file>',
  help: { en: 'Process configuration (default: weir.yaml).', zh: '进程配置文件（默认 weir.yaml）。' },
};

const up: Verb = {
  name: 'up',
  summary: { en: 'Starts Weir and stays until it is stopped.', zh: '启动 Weir，直到被停止。' },
  options: [
    CONFIG,
    { flags: '--sample', help: { en: 'Loads the sample project, unless it was removed before.', zh: '加载示例项目（曾移除则不加载）。' } },
    {
      flags: '--roles <roles>',
      help: { en: 'Only these roles, with commas: control,gateway,worker.', zh: '只运行这些角色，以逗号分隔：control,gateway,worker。' },
    },
  ],
  run: ({ offline, options, language }) =>
    offline.up({
      sample: options['sample'] === true,
      roles: (options['roles'] as string | undefined)?.split(',').map((role) => role.trim()),
      config: options['config'] as string | undefined,
      language,
    }),
};

const doctor: Verb = {
  name: 'doctor',
  summary: {
    en: 'Looks for what is wrong or risky; --online asks the running server too.',
    zh: '检查错误与风险；--online 同时询问运行中的服务器。',
  },
  options: [CONFIG, { flags: '--online', help: { en: 'Asks the running control as well.', zh: '同时询问运行中的控制端。' } }],
  async run(given) {
    const { out, language, options } = given;
    const found = [...(await given.offline.doctor({ config: options['config'] as string | undefined }))];
    if (options['online'] === true) {
      const { data } = await given.client().getDoctorReport();
      const online = data.findings.map(({ check, ...finding }) => ({ where: check, ...finding }));
      // A control of this very folder finds the same files: once is enough.
      found.push(...online.filter((one) => !found.some((f) => f.where === one.where && f.detail.en === one.detail.en)));
    }
    out.list(found, {
      columns: [
        { title: { en: 'LEVEL', zh: '级别' }, value: (f) => f.level },
        { title: { en: 'CHECK', zh: '检查项' }, value: (f) => f.title[language] },
        { title: { en: 'ID', zh: '标识' }, value: (f) => f.where },
        { title: { en: 'FOUND', zh: '结果' }, value: (f) => f.detail[language] },
      ],
      name: (f) => f.where,
    });
    return found.some((finding) => finding.level === 'failed') ? EXIT.failed : EXIT.ok;
  },
};

const status: Verb = {
  name: 'status',
  summary: { en: 'Shows the connected processes and the revision each thread serves.', zh: '显示已连接的进程及各线程所用修订。' },
  async run(given) {
    const { data } = await given.client().getFleet();
    if (given.out.form === 'json' || given.out.form === 'yaml') return given.out.one(data, { name: (fleet) => String(fleet.revision) });
    given.out.note(
      { en: 'Newest revision: {revision} ({hash})', zh: '最新修订：{revision}（{hash}）' },
      { revision: data.revision, hash: data.hash.slice(0, 12) },
    );
    const rows = data.nodes.flatMap((node) => (node.threads.length === 0 ? [undefined] : node.threads).map((thread) => ({ node, thread })));
    given.out.list(rows, {
      columns: [
        { title: { en: 'ROLE', zh: '角色' }, value: ({ node }) => node.role },
        { title: { en: 'PID', zh: 'PID' }, value: ({ node }) => node.pid, right: true },
        { title: { en: 'SINCE (UTC)', zh: '自（UTC）' }, value: ({ node }) => given.out.time(node.since) },
        { title: { en: 'THREAD', zh: '线程' }, value: ({ thread }) => thread?.thread, right: true },
        { title: { en: 'REVISION', zh: '修订' }, value: ({ thread }) => thread?.revision, right: true },
        {
          title: { en: 'LISTENS', zh: '监听' },
          value: ({ thread }) => thread?.listeners.flatMap(listenerTexts).join(' '),
        },
        { title: { en: 'NOT SERVED', zh: '未生效' }, value: ({ thread }) => thread?.failed.map((f) => `${f.key}: ${f.reason}`).join('; ') },
      ],
      name: ({ node }) => node.instance,
    });
  },
};

/** `edge https://[::]:443`, with a mark at what is not open. */
function listenerTexts({ name, protocol, addresses }: Fleet['nodes'][number]['threads'][number]['listeners'][number]): string[] {
  return addresses.map(({ address, port, state }) => {
    const host = address.includes(':') ? `[${address}]` : address;
    return `${name}=${protocol}://${host}:${port}${state === 'open' ? '' : `(${state})`}`;
  });
}

const sampleLoad: Verb = {
  name: 'sample load',
  timeout: '10m',
  summary: { en: 'Loads the sample project and runs its pipelines.', zh: '加载示例项目并运行其管道。' },
  async run(given) {
    const { data } = await given.client().loadSample();
    for (const line of data.notes) given.out.text(line);
  },
};

const sampleRemove: Verb = {
  name: 'sample remove',
  timeout: '10m',
  summary: { en: 'Removes the sample project; it stays removed.', zh: '移除示例项目；之后不再自动加载。' },
  async run(given) {
    await given.confirm({ en: 'remove the sample project and its data', zh: '移除示例项目及其数据' });
    const { data } = await given.client().removeSample();
    for (const line of data.notes) given.out.text(line);
  },
};

const configPrint: Verb = {
  name: 'config print',
  summary: {
    en: 'Prints the process configuration; --effective with the origin of each value.',
    zh: '输出进程配置；--effective 同时显示每个值的来源。',
  },
  options: [CONFIG, { flags: '--effective', help: { en: 'Every value, with where it comes from.', zh: '全部取值及其来源。' } }],
  async run(given) {
    const lines = await given.offline.config({ config: given.options['config'] as string | undefined });
    const shown = given.options['effective'] === true ? lines : lines.filter((line) => line.origin !== 'default');
    given.out.list(shown, {
      columns: [
        { title: { en: 'KEY', zh: '配置项' }, value: (line) => line.key },
        { title: { en: 'VALUE', zh: '值' }, value: (line) => (typeof line.value === 'string' ? line.value : JSON.stringify(line.value)) },
        { title: { en: 'FROM', zh: '来源' }, value: (line) => line.origin },
      ],
      name: (line) => line.key,
    });
  },
};

const incidents: Verb = {
  name: 'incident list',
  summary: { en: 'Lists what an operator should look at.', zh: '列出需要运维关注的事件。' },
  options: [{ flags: '--all', help: { en: 'Closed ones too.', zh: '包括已关闭的。' } }],
  async run(given) {
    const { data } = await given.client().listIncidents({ query: { all: given.options['all'] === true } });
    given.out.list(data.items, {
      columns: [
        { title: { en: 'ID', zh: 'ID' }, value: (i) => i.id },
        { title: { en: 'KIND', zh: '种类' }, value: (i) => i.kind },
        { title: { en: 'SUBJECT', zh: '对象' }, value: (i) => i.subject },
        { title: { en: 'SINCE (UTC)', zh: '自（UTC）' }, value: (i) => given.out.time(i.openedAt) },
        { title: { en: 'WHAT', zh: '说明' }, value: (i) => i.detail[given.language] },
      ],
      name: (i) => i.id,
    });
  },
};

const confirm: Verb = {
  name: 'incident confirm',
  summary: { en: 'Lets a held change of the watched folder through.', zh: '确认执行监视文件夹中被暂停的更改。' },
  arguments: [{ name: '<id>', help: { en: 'Id of the incident.', zh: '事件 id。' } }],
  async run(given) {
    const id = given.args[0]!;
    await given.confirm({ en: `let the held change ${id} through`, zh: `确认执行被暂停的更改 ${id}` });
    await given.client().confirmIncident({ params: { id } });
    given.out.note({ en: 'Confirmed.', zh: '已确认。' });
  },
};

const version: Verb = {
  name: 'version',
  summary: { en: 'Prints the version of this program.', zh: '输出本程序的版本。' },
  async run({ out, offline }) {
    const about = { version: offline.version, node: process.versions.node };
    if (out.form === 'json' || out.form === 'yaml') out.one(about, { name: (a) => a.version });
    else out.text(`weir ${about.version}`);
  },
};

export default [up, doctor, status, sampleLoad, sampleRemove, configPrint, incidents, confirm, version];
