/** Verbs over runs of pipelines. */
import { type Text, tell, verbatim } from '../../base/text.ts';
import type { Client, Run } from '../../../generated/client.ts';
import { formatBytes, formatDuration } from '../../base/units.ts';
import { EXIT } from '../exit.ts';
import problems from '../problems.ts';
import type { Shape } from '../render.ts';
import type { Given, Verb, VerbArgument, VerbOption } from '../verb.ts';

const ID: VerbArgument = { name: '<id>', help: { en: 'Id of the run.', zh: '运行的 id。' } };
const POLL_MS = 500;
/** Runs may take hours; giving up earlier is the caller's choice. */
const DAY = '24h';

const rowsOf = (run: Run) => run.streams.reduce((sum, stream) => sum + stream.rowsWritten, 0);

const shape = (given: Given): Shape<Run> => ({
  columns: [
    { title: { en: 'ID', zh: 'ID' }, value: (r) => r.id },
    { title: { en: 'PIPELINE', zh: '管道' }, value: (r) => r.pipeline },
    { title: { en: 'STATE', zh: '状态' }, value: (r) => r.state },
    { title: { en: 'RESULT', zh: '结果' }, value: (r) => r.result },
    { title: { en: 'TRIGGER', zh: '触发' }, value: (r) => r.trigger },
    { title: { en: 'ROWS', zh: '行数' }, value: rowsOf, right: true },
    { title: { en: 'STARTED (UTC)', zh: '开始（UTC）' }, value: (r) => given.out.time(r.startedAt) },
    {
      title: { en: 'TOOK', zh: '耗时' },
      value: (r) => (r.startedAt && r.finishedAt ? formatDuration(r.finishedAt - r.startedAt) : null),
      right: true,
    },
    { title: { en: 'PROBLEM', zh: '问题' }, value: (r) => r.problem?.code },
  ],
  name: (r) => r.id,
});

const WAIT: VerbOption = {
  flags: '--wait',
  help: { en: 'Watches it to its end; exits 1 when it fails.', zh: '等待其结束；失败时退出码为 1。' },
};

/** What follows a start: the queued run, or all of it with `--wait`. */
async function started(given: Given, client: Client, run: Run): Promise<number | void> {
  given.out.note({ en: 'Run {id} is queued.', zh: '运行 {id} 已排队。' }, { id: run.id });
  if (given.options['wait'] === true) return watchRun(given, client, run.id);
  showRun(given, run);
}

/** One run: a row of the table, or one object. */
function showRun(given: Given, run: Run): void {
  if (given.out.form === 'table' || given.out.form === 'csv') given.out.list([run], shape(given));
  else given.out.one(run, shape(given));
}

const start: Verb = {
  name: 'run start',
  timeout: DAY,
  summary: { en: 'Starts a run of a pipeline.', zh: '启动一次管道运行。' },
  arguments: [{ name: '<pipeline>', help: { en: 'Name of the pipeline.', zh: '管道名称。' } }],
  options: [WAIT],
  async run(given) {
    const client = given.client();
    return started(given, client, (await client.startRun({ params: { project: given.project, name: given.args[0]! } })).data);
  },
};

const watch: Verb = {
  name: 'run watch',
  timeout: DAY,
  summary: { en: 'Watches a run to its end; exits 1 when it does not succeed.', zh: '观察运行直至结束；未成功时退出码为 1。' },
  arguments: [ID],
  run: (given) => watchRun(given, given.client(), given.args[0]!),
};

const list: Verb = {
  name: 'run list',
  summary: { en: 'Lists runs, newest first.', zh: '列出运行，最新在前。' },
  arguments: [{ name: '[pipeline]', help: { en: 'Only of this pipeline.', zh: '仅此管道。' } }],
  options: [
    { flags: '--state <state>', choices: ['queued', 'running', 'done'], help: { en: 'Only in this state.', zh: '仅此状态。' } },
    {
      flags: '--result <result>',
      choices: ['succeeded', 'failed', 'cancelled', 'skipped'],
      help: { en: 'Only with this result.', zh: '仅此结果。' },
    },
    { flags: '--limit <count>', help: { en: 'Most runs (default 50, at most 500).', zh: '最多条数（默认 50，不超过 500）。' } },
  ],
  async run(given) {
    const { state, result, limit: count = '50' } = given.options as { state?: Run['state']; result?: 'succeeded'; limit?: string };
    if (!/^[1-9]\d{0,2}$/.test(count))
      throw problems.raise['bad-value']({ values: { what: verbatim('--limit'), value: count, example: '50' } });
    const limit = Math.min(Number(count), 500);
    const { data } = await given.client().listRuns({ query: { project: given.project, pipeline: given.args[0], state, result, limit } });
    given.out.list(data.items, shape(given));
  },
};

const cancel: Verb = {
  name: 'run cancel',
  summary: { en: 'Asks a run to stop; what is committed stays.', zh: '请求停止运行；已提交的内容保留。' },
  arguments: [ID],
  async run(given) {
    const { data } = await given.client().cancelRun({ params: { id: given.args[0]! } });
    given.out.note({ en: 'Run {id} was asked to stop.', zh: '已请求停止运行 {id}。' }, { id: data.id });
  },
};

const retry: Verb = {
  name: 'run retry',
  timeout: DAY,
  summary: { en: 'Starts a run that ended once more.', zh: '重新启动已结束的运行。' },
  arguments: [ID],
  options: [WAIT],
  async run(given) {
    const client = given.client();
    return started(given, client, (await client.retryRun({ params: { id: given.args[0]! } })).data);
  },
};

const logs: Verb = {
  name: 'run logs',
  timeout: DAY,
  summary: { en: 'Prints the log of a run.', zh: '输出运行日志。' },
  arguments: [ID],
  options: [{ flags: '--follow', help: { en: 'Goes on until the run is over.', zh: '持续输出直到运行结束。' } }],
  async run(given) {
    const client = given.client();
    const id = given.args[0]!;
    let after = 0;
    for (;;) {
      const isOver = given.options['follow'] !== true || (await client.getRun({ params: { id } })).data.state === 'done';
      after = await printLogs(given, client, id, after);
      if (isOver) return;
      await given.io.clock.sleep(POLL_MS);
    }
  },
};

async function printLogs(given: Given, client: Client, id: string, from: number): Promise<number> {
  let after = from;
  for (;;) {
    const { items } = (await client.listRunLogs({ params: { id }, query: { after, limit: 1000 } })).data;
    for (const line of items) {
      const text = `${given.out.time(line.time)} ${line.level.padEnd(5)} ${line.stream ? `[${line.stream}] ` : ''}${line.message}`;
      given.out.text(given.out.form === 'json' ? JSON.stringify(line) : text);
    }
    if (items.length === 0) return after;
    after = items.at(-1)!.sequence;
  }
}

async function watchRun(given: Given, client: Client, id: string): Promise<number> {
  let last = '';
  for (;;) {
    const { data } = await client.getRun({ params: { id } });
    const line = progressLine(data);
    if (line.en !== last) given.out.note(line);
    last = line.en;
    if (data.state === 'done') {
      showRun(given, data);
      if (data.problem) given.io.stderr.write(`${data.problem.code}: ${data.problem.detail}\n`);
      return data.result === 'succeeded' ? EXIT.ok : EXIT.failed;
    }
    await given.io.clock.sleep(POLL_MS);
  }
}

function progressLine(run: Run): Text {
  const done = run.streams.filter((stream) => stream.state === 'done').length;
  const bytes = run.streams.reduce((sum, stream) => sum + stream.bytes, 0);
  const rate = run.streams.reduce((sum, stream) => sum + (stream.rowsPerSecond ?? 0), 0);
  const rest = Math.max(0, ...run.streams.map((stream) => stream.remainingMs ?? 0));
  const about = rest > 0 ? ` · ~${formatDuration(Math.ceil(rest / 1000) * 1000)}` : '';
  const speed = run.state === 'done' ? '' : ` · ${Math.round(rate)}/s${about}`;
  return tell(PROGRESS, {
    state: STATES[run.state],
    done,
    all: run.streams.length,
    rows: rowsOf(run),
    bytes: formatBytes(bytes),
    speed,
  });
}

const PROGRESS: Text = {
  en: '{state} · {done}/{all} · {rows} rows · {bytes}{speed}',
  zh: '{state} · {done}/{all} · {rows} 行 · {bytes}{speed}',
};
const STATES: Readonly<Record<Run['state'], Text>> = {
  queued: { en: 'queued', zh: '排队中' },
  running: { en: 'running', zh: '运行中' },
  done: { en: 'done', zh: '已结束' },
};

export default [start, watch, list, cancel, retry, logs];
