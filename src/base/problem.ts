/**
 * Everything that can go wrong and be told: RFC 9457 problems with a stable code.
 * In: a catalogue of problem specs per component or area. Out: `Problem` errors, thrown or returned,
 * turned into an answer at one boundary per plane. Source: RFC 9457.
 */
import { fill, type Language, type Text } from './text.ts';

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
  readonly detail: string;
  readonly file?: string;
  readonly line?: number;
}

export interface ProblemOptions {
  /** Values for the marks in `title` and `detail`; they reach the caller, so never a secret. */
  readonly values?: Record<string, unknown>;
  /** Replaces the catalogue's detail; says what happened, with which value, what to do. */
  readonly detail?: string;
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
  errors?: ProblemPointer[];
  [extension: string]: unknown;
}

/** A problem of the catalogue that happened. `code` is `<kind>/<id>/<name>` and never changes. */
export class Problem extends Error {
  readonly code: string;
  readonly spec: ProblemSpec;
  readonly options: ProblemOptions;

  constructor(code: string, spec: ProblemSpec, options: ProblemOptions = {}) {
    super(options.detail ?? fill(spec.detail ?? spec.title, 'en', options.values), { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.spec = spec;
    this.options = options;
  }

  get status(): number {
    return this.spec.status;
  }

  get errors(): readonly ProblemPointer[] {
    return this.options.errors ?? [];
  }

  /** The answer's body. Holds neither cause nor stack. */
  toBody(language: Language = 'en', ids: { instance?: string; requestId?: string; traceId?: string } = {}): ProblemBody {
    const { values, detail, errors, extensions } = this.options;
    return {
      type: `urn:weir:problem:${this.code}`,
      title: fill(this.spec.title, language, values),
      status: this.spec.status,
      detail: detail ?? fill(this.spec.detail ?? this.spec.title, language, values),
      code: this.code,
      ...ids,
      ...(errors && errors.length > 0 ? { errors: [...errors] } : {}),
      ...extensions,
    };
  }
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
