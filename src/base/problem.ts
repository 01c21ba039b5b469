/**
 * Everything that can go wrong and be told: RFC 9457 problems with a stable code.
 * In: a catalogue of problem specs per component or area. Out: `Problem` errors, thrown or returned,
 * turned into an answer at one boundary per plane. Source: RFC 9457.
 */
import { fill, isText, joined, type Language, type Text, tell, verbatim } from './text.ts';

/** Whether trying again can help: never, at once, or after the time in `retryAfterMs`. */
export type Retry = 'never' | 'now' | 'later';

/** One entry of a catalogue. `detail` may hold `{name}` marks filled from the values given. */
export interface ProblemSpec {
  readonly status: number;
  readonly title: Text;
  readonly detail?: Text;
  readonly retry?: Retry;
}
export type ProblemSpecs = Readonly<Record<string, ProblemSpec>>;

/** Where in the input something is wrong: a JSON pointer, and a place in a file when there is one. */
export interface ProblemPointer {
  readonly pointer: string;
  /** What is wrong there and what to do, with its values in place (`tell`). */
  readonly detail: Text;
  readonly file?: string;
  readonly line?: number;
}

/** A pointer as it is answered: its detail in the reader's language. */
export type ToldPointer = Omit<ProblemPointer, 'detail'> & { readonly detail: string };

/**
 * Values for marks. What these four say is words, never a name, so it is in both languages: `verbatim` for words
 * of somebody else.
 */
export interface ProblemValues {
  readonly reason?: Text;
  readonly what?: Text;
  readonly use?: Text;
  readonly action?: Text;
  readonly [name: string]: unknown;
}

export interface ProblemOptions {
  /** Values for the marks in `title` and `detail`; they reach the caller, so never a secret. */
  readonly values?: ProblemValues;
  /** Replaces the catalogue's detail; says what happened, with which value, what to do. Its values are in place: no mark is filled. */
  readonly detail?: Text;
  readonly errors?: readonly ProblemPointer[];
  readonly retryAfterMs?: number;
  /** Extra members of the answer (RFC 9457 §3.2). */
  readonly extensions?: Record<string, unknown>;
  /** The inner error: for logs, never for callers. */
  readonly cause?: unknown;
}

/** The JSON form of a problem as a caller sees it. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  instance?: string;
  requestId?: string;
  traceId?: string;
  errors?: ToldPointer[];
  [extension: string]: unknown;
}

/** A problem of the catalogue that happened. `code` is `<kind>/<id>/<name>` and never changes. */
export class Problem extends Error {
  readonly code: string;
  readonly spec: ProblemSpec;
  readonly options: ProblemOptions;

  constructor(code: string, spec: ProblemSpec, options: ProblemOptions = {}) {
    super(options.detail?.en ?? fill(spec.detail ?? spec.title, 'en', options.values), { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.spec = spec;
    this.options = options;
  }

  get status(): number {
    return this.spec.status;
  }

  /** What happened, with its values in place, in both languages: the form that is stored and passed on. */
  get detail(): Text {
    return this.options.detail ?? tell(this.spec.detail ?? this.spec.title, this.options.values);
  }

  get errors(): readonly ProblemPointer[] {
    return this.options.errors ?? [];
  }

  /** The answer's body. Holds neither cause nor stack. */
  toBody(language: Language = 'en', ids: { instance?: string; requestId?: string; traceId?: string } = {}): ProblemBody {
    const { values, errors, extensions } = this.options;
    return {
      type: `urn:weir:problem:${this.code}`,
      title: fill(this.spec.title, language, values),
      status: this.spec.status,
      detail: this.detail[language],
      code: this.code,
      ...ids,
      ...(errors && errors.length > 0 ? { errors: errors.map((error) => toldPointer(error, language)) } : {}),
      ...extensions,
    };
  }
}

/** One mistake at `pointer`, with `values` in the marks of `text`. */
export function mistake(pointer: string, text: Text, values?: Record<string, unknown>): ProblemPointer {
  return { pointer, detail: tell(text, values) };
}

/** A failure in words for people, from which the code above makes a problem. */
export class Told extends Error {
  readonly detail: Text;

  constructor(detail: Text, options?: ErrorOptions) {
    super(detail.en, options);
    this.detail = detail;
  }
}

/** What an error says, in both languages: its own `detail` when it has one, else its message as it is. */
export function wordsOf(error: unknown): Text {
  const { detail, message } = (error ?? {}) as { detail?: unknown; message?: unknown };
  return isText(detail) ? detail : verbatim(typeof message === 'string' ? message : String(error));
}

/** Several mistakes as one text: a reason, or a line of a report. */
export function pointersTold(errors: readonly ProblemPointer[]): Text {
  const each = errors.map(({ pointer, detail }) =>
    pointer === '' ? detail : tell({ en: '{pointer} {detail}', zh: '{pointer} {detail}' }, { pointer, detail }),
  );
  return joined(each, { en: '; ', zh: '；' });
}

/** `at` as a reader of `language` sees it. */
export function toldPointer(at: ProblemPointer, language: Language): ToldPointer {
  return { ...at, detail: at.detail[language] };
}

/** A catalogue bound to its place: `problems.exceeded({ values: { limit: 100 } })` makes a `Problem`. */
export type ProblemFactory<S extends ProblemSpecs> = {
  readonly [N in keyof S & string]: (options?: ProblemOptions) => Problem;
};

/** An area's catalogue: what `generate` documents and what the code raises. */
export interface ProblemCatalogue<S extends ProblemSpecs = ProblemSpecs> {
  /** `<kind>/<id>`, for example `core/gateway` or `policy/rate-limit`. */
  readonly area: string;
  readonly specs: S;
  readonly raise: ProblemFactory<S>;
}

/**
 * Declares the problems of an area. Files named `problems.ts` export one as default.
 * @example const { raise } = defineProblems('core/store', { full: { status: 507, title: { en: 'Disk full', zh: '磁盘已满' } } });
 *          throw raise.full({ cause: error });
 */
export function defineProblems<const S extends ProblemSpecs>(area: string, specs: S): ProblemCatalogue<S> {
  const raise = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [name, (options?: ProblemOptions) => new Problem(`${area}/${name}`, spec, options)]),
  ) as ProblemFactory<S>;
  return Object.freeze({ area, specs, raise });
}
