/**
 * The command line: finds the verb, checks what was given, runs it, turns failures into exit codes.
 * In: `Io` and the verbs that need no server. Out: the exit code.
 */
import { Command, CommanderError, Help, Option } from 'commander';
import { type Language, type Text, chooseLanguage, verbatim } from '../base/text.ts';
import { parseDuration } from '../base/units.ts';
import { askSecret, confirm } from './ask.ts';
import { bodyOf, connect } from './connect.ts';
import { EXIT, exitOfStatus } from './exit.ts';
import type { Io, OfflineVerbs } from './io.ts';
import problems from './problems.ts';
import { createRenderer, type Form } from './render.ts';
import { usageText } from './usage.ts';
import { COMMON_OPTIONS, type Given, type Options, type Verb, type VerbOption } from './verb.ts';
import { GROUPS, verbs } from './verbs/list.ts';

/** Runs one command line to its end. Never raises; a bug of ours is told on stderr and answers 1. */
export async function runCli(io: Io, offline: OfflineVerbs): Promise<number> {
  const language = languageOf(io);
  const outcome = { code: EXIT.ok as number };
  const program = build(language, io, async (verb, args, options) => {
    outcome.code = (await verb.run(givenOf(io, offline, language, verb, args, options))) ?? EXIT.ok;
  });
  try {
    if (isVersion(io.argv)) io.stdout.write(`weir ${offline.version}\n`);
    else await program.parseAsync([...io.argv], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return failed(error, io, language);
  }
}

function isVersion(argv: readonly string[]): boolean {
  return argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V');
}

/** `--lang`, WEIR_LANG, else the locale of the terminal. */
function languageOf(io: Io): Language {
  const at = io.argv.findIndex((argument) => argument === '--lang' || argument.startsWith('--lang='));
  const asked = at === -1 ? undefined : (io.argv[at]!.split('=')[1] ?? io.argv[at + 1]);
  const locale = io.env['LC_ALL'] || io.env['LC_MESSAGES'] || io.env['LANG'];
  return chooseLanguage(asked ?? io.env['WEIR_LANG'] ?? locale?.replace('_', '-').split('.')[0]);
}

function failed(error: unknown, io: Io, language: Language): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const quiet = { form: 'table' as const, language, quiet: false };
  const body = bodyOf(error, language);
  if (!body) {
    io.stderr.write(`weir: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT.failed;
  }
  createRenderer(io, quiet).problem(body);
  if (/^core\/cli\/(bad-value|not-a-draft|too-long|nothing-named|needs-yes|needs-input|nothing-there)$/.test(body.code)) return EXIT.usage;
  return exitOfStatus(body.status);
}

type Act = (verb: Verb, args: readonly unknown[], options: Options) => Promise<void>;

function build(language: Language, io: Io, act: Act): Command {
  const program = command(
    'weir',
    { en: 'Weir: API gateway, data integration and data APIs in one program.', zh: '堰（Weir）：API 网关、数据集成与数据 API 合为一体。' },
    language,
    io,
  );
  program.option('-V, --version', TEXTS.version[language]);
  const groups = new Map<string, Command>();
  for (const verb of verbs) {
    const [group, name] = verb.name.split(' ') as [string, string | undefined];
    if (name !== undefined && !groups.has(group)) {
      groups.set(group, command(group, GROUPS[group]!, language, io));
      program.addCommand(groups.get(group)!);
    }
    (name === undefined ? program : groups.get(group)!).addCommand(leaf(verb, name ?? group, language, io, act));
  }
  return program;
}

function leaf(verb: Verb, name: string, language: Language, io: Io, act: Act): Command {
  const made = command(name, verb.summary, language, io);
  for (const { name: argument, help } of verb.arguments ?? []) made.argument(argument, help[language]);
  for (const option of [...(verb.options ?? []), ...COMMON_OPTIONS]) made.addOption(optionOf(option, language));
  made.action(async (...parameters: unknown[]) => {
    const args = parameters.slice(0, (verb.arguments ?? []).length);
    await act(verb, args, made.opts() as Options);
  });
  return made;
}

function command(name: string, summary: Text, language: Language, io: Io): Command {
  return new Command(name)
    .description(summary[language])
    .helpOption('-h, --help', TEXTS.help[language])
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError(TEXTS.hint[language])
    .configureHelp({ sortSubcommands: true, ...(language === 'zh' ? CHINESE_HELP : {}) })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(usageText(text, language)),
    });
}

function optionOf({ flags, help, choices, default: value, many }: VerbOption, language: Language): Option {
  const option = new Option(flags, help[language]);
  if (choices) option.choices([...choices]);
  if (value !== undefined) option.default(value);
  if (many) option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  return option;
}

function givenOf(io: Io, offline: OfflineVerbs, language: Language, verb: Verb, args: readonly unknown[], options: Options): Given {
  const last = args.at(-1);
  const text = (name: string) => options[name] as string | undefined;
  const timeoutMs = parseDuration(text('timeout') ?? verb.timeout ?? '60s');
  if (!timeoutMs) throw problems.raise['bad-value']({ values: { what: verbatim('--timeout'), value: text('timeout'), example: '30s' } });
  return {
    args: args.map((argument) => (typeof argument === 'string' ? argument : undefined)),
    rest: Array.isArray(last) ? (last as string[]) : [],
    options,
    io,
    language,
    offline,
    timeoutMs,
    project: text('project') ?? io.env['WEIR_PROJECT'] ?? 'default',
    out: createRenderer(io, { form: text('output') as Form, language, quiet: options['quiet'] === true }),
    client: () => connect({ io, language, server: text('server'), token: text('token'), timeoutMs, local: offline.local }),
    confirm: (question) => confirm(io, language, options['yes'] === true, question),
    secret: (what) => askSecret(io, language, what, text('passwordFile')),
  };
}

const TEXTS = {
  help: { en: 'Shows this help.', zh: '显示帮助。' },
  version: { en: 'Shows the version.', zh: '显示版本。' },
  hint: { en: '(add --help to see how it is used)', zh: '（加 --help 查看用法）' },
} as const;
/** What the parser's help says in words of its own. */
const CHINESE_HELP: Partial<Help> = {
  styleTitle: (title) => TITLES[title] ?? title,
  styleUsage: (text) => text.replace('[options]', '[选项]').replace('[command]', '[命令]'),
  optionDescription({ description, argChoices, defaultValue }) {
    const facts = [
      argChoices ? `可选：${argChoices.join('、')}` : '',
      defaultValue === undefined || typeof defaultValue === 'boolean' ? '' : `默认：${String(defaultValue)}`,
    ].filter(Boolean);
    return facts.length === 0 ? description : `${description}（${facts.join('；')}）`;
  },
  subcommandTerm: (command) => new Help().subcommandTerm(command).replace('[options]', '[选项]'),
};
const TITLES: Readonly<Record<string, string>> = {
  'Usage:': '用法：',
  'Options:': '选项：',
  'Arguments:': '参数：',
  'Commands:': '命令：',
};
