/**
 * The one form of a verb. From it come parsing, `--help` in both languages and the reference page.
 *
 *   argv ─▶ verb + arguments + options ─▶ run ─▶ data on stdout, notes on stderr ─▶ exit code
 */
import type { Language, Text } from '../base/text.ts';
import type { Client } from '../../generated/client.ts';
import type { Io, OfflineVerbs } from './io.ts';
import type { Renderer } from './render.ts';

export interface VerbArgument {
  /** `<name>` must be there, `[name]` may, `<name...>` takes several. */
  readonly name: string;
  readonly help: Text;
}

export interface VerbOption {
  /** `-p, --project <name>`, `--dry-run`. */
  readonly flags: string;
  readonly help: Text;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** May be given several times; the value is then a list. */
  readonly many?: boolean;
}

/** Options as parsed: texts, switches and lists by their camelCase names. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface Given {
  readonly args: readonly (string | undefined)[];
  /** Values of a last `<name...>` argument. */
  readonly rest: readonly string[];
  readonly options: Options;
  readonly project: string;
  readonly io: Io;
  readonly out: Renderer;
  readonly language: Language;
  readonly offline: OfflineVerbs;
  /** Milliseconds of `--timeout`. */
  readonly timeoutMs: number;
  /** The client of the chosen server with the chosen credential; raises `no-credential`. */
  client(): Client;
  /** Asks before something is destroyed; raises `needs-yes` or `not-confirmed`. */
  confirm(question: Text): Promise<void>;
  /** A secret typed without echo, or from `--password-file`. */
  secret(what: Text): Promise<string>;
}

export interface Verb {
  /** `get`, `run start`. */
  readonly name: string;
  readonly summary: Text;
  readonly arguments?: readonly VerbArgument[];
  readonly options?: readonly VerbOption[];
  /** Longest wait when `--timeout` is not given; `60s` when left out. */
  readonly timeout?: string;
  /** Answers the exit code; 0 when nothing. Raises problems. */
  run(given: Given): Promise<number | void>;
}

/** Options every verb takes. */
export const COMMON_OPTIONS: readonly VerbOption[] = [
  {
    flags: '-o, --output <form>',
    choices: ['table', 'json', 'yaml', 'csv', 'name'],
    default: 'table',
    help: { en: 'Form of the output.', zh: '输出格式。' },
  },
  {
    flags: '-p, --project <name>',
    help: { en: 'Project (default: WEIR_PROJECT, else "default").', zh: '项目（默认取 WEIR_PROJECT，否则为 "default"）。' },
  },
  {
    flags: '--server <url>',
    help: {
      en: 'Control to talk to (default: WEIR_SERVER, the last login, this machine).',
      zh: '控制端地址（默认：WEIR_SERVER、最近登录、本机）。',
    },
  },
  {
    flags: '--token <token>',
    help: {
      en: 'API token (default: WEIR_TOKEN, the login, .weir/cli-token).',
      zh: 'API 令牌（默认：WEIR_TOKEN、登录凭证、.weir/cli-token）。',
    },
  },
  {
    flags: '--timeout <duration>',
    help: {
      en: 'Longest wait, such as 30s or 5m (default: 60s; a day for what is watched).',
      zh: '最长等待时间，如 30s、5m（默认 60s；观察类命令为一天）。',
    },
  },
  { flags: '--lang <language>', choices: ['en', 'zh'], help: { en: 'Language of messages.', zh: '消息语言。' } },
  { flags: '-y, --yes', help: { en: 'Answers every question with yes.', zh: '对所有询问回答“是”。' } },
  { flags: '-q, --quiet', help: { en: 'Prints no notes, only data and problems.', zh: '不输出提示，只输出数据与问题。' } },
];
