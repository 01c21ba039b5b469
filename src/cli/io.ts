/** What the command line works with: handed over by main.ts, so that nothing here reads globals. */
import type { Clock } from '../base/clock.ts';
import type { ToldPointer } from '../base/problem.ts';
import type { Language } from '../base/text.ts';

/** The terminal, or what stands in its place. */
export interface Io {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  /** Folder of the user, for `~/.config/weir`. */
  readonly home: string;
  readonly clock: Clock;
}

/** The control of this machine: the only place `.weir/cli-token` is ever sent to. */
export interface LocalControl {
  /** Such as `http://127.0.0.1:8081`. */
  readonly address: string;
  readonly tokenFile: string;
}

/** A finding of an offline check, in the form that `doctor` and `validate` answer. */
export interface OfflineFinding {
  readonly where: string;
  /** What the check is about, for people. */
  readonly title: { readonly en: string; readonly zh: string };
  readonly level: 'ok' | 'warning' | 'failed';
  readonly detail: { readonly en: string; readonly zh: string };
}

/** One check of `validate`. */
export interface OfflineCheck {
  readonly file: string | null;
  readonly line: number | null;
  readonly key: { readonly project: string; readonly kind: string; readonly name: string } | null;
  readonly problems: readonly ToldPointer[];
}

/** A line of `config print --effective`. */
export interface ConfigLine {
  readonly key: string;
  /** Secrets are hidden already. */
  readonly value: unknown;
  /** `default`, `weir.yaml:7`, `WEIR_…` or `flag`. */
  readonly origin: string;
}

/** Verbs that need no server; main.ts implements them, since they reach into every room. */
export interface OfflineVerbs {
  readonly version: string;
  /** Where the local control listens, by the configuration; raises `bad-config`. */
  local(): LocalControl;
  /** Starts everything and stays until stopped; answers the exit code. */
  up(options: {
    readonly sample: boolean;
    readonly roles: readonly string[] | undefined;
    readonly config: string | undefined;
    readonly language: Language;
  }): Promise<number>;
  doctor(options: { readonly config: string | undefined }): Promise<readonly OfflineFinding[]>;
  /** Checks documents as one whole configuration, or on their own. */
  validate(
    sources: readonly { readonly file?: string; readonly text: string }[],
    options: { readonly complete: boolean; readonly language: Language },
  ): Promise<readonly OfflineCheck[]>;
  config(options: { readonly config: string | undefined }): Promise<readonly ConfigLine[]>;
}
