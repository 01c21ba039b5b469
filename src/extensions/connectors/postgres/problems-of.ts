/** Errors of PostgreSQL and its sockets as problems people can act on. Source: manual, appendix A (error codes). */
import { connectorProblems, Problem, type ProblemFactory, sinkProblems, type Text, verbatim, NOTHING_LISTENS } from '../../../sdk/index.ts';

export const postgresProblems = {
  ...connectorProblems,
  ...sinkProblems,
  'writers-open': {
    status: 409,
    retry: 'later',
    title: { en: 'Open transactions write this table', zh: '有未提交的事务正在写该表' },
    detail: {
      en:
        '{count} transaction(s) that write "{stream}" stayed open for {seconds} s; ' +
        'reading past them would lose their rows. Nothing was read. Try again when they are done.',
      zh: '有 {count} 个写“{stream}”的事务超过 {seconds} 秒未结束，越过它们读取会丢失数据。未读取任何内容，请在其结束后重试。',
    },
  },
} as const;

export type PostgresProblems = ProblemFactory<typeof postgresProblems>;

/** The members of an error answer that we read; all optional on socket errors. */
export interface ServerError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly where?: string;
  readonly column?: string;
  readonly constraint?: string;
}

/** What an error is about, for its message. */
export interface About {
  readonly stream?: string;
  readonly user?: string;
  readonly database?: string;
  readonly address?: string;
}

type Name = keyof typeof postgresProblems;

const BY_CODE: Readonly<Record<string, Name>> = {
  '28P01': 'login-failed',
  '28000': 'login-failed',
  '3D000': 'database-missing',
  '42501': 'permission-denied',
  '42P01': 'stream-gone',
  '3F000': 'stream-gone',
  '42703': 'column-gone',
  '53100': 'disk-full',
  '58030': 'disk-full',
  '53300': 'server-busy',
  '53200': 'server-busy',
  '55P03': 'server-busy',
  '40P01': 'server-busy',
  '40001': 'server-busy',
  '57P01': 'connection-lost',
  '57P02': 'connection-lost',
  '57P03': 'server-busy',
  ECONNREFUSED: 'host-unreachable',
  EHOSTUNREACH: 'host-unreachable',
  ENETUNREACH: 'host-unreachable',
  ETIMEDOUT: 'host-unreachable',
  ECONNRESET: 'connection-lost',
  EPIPE: 'connection-lost',
};

/** The problem that stands for `error`; problems and assertion failures pass through unchanged. */
export function toProblem(error: unknown, problems: PostgresProblems, about: About): unknown {
  if (!(error instanceof Error) || error instanceof Problem || error.name === 'AssertionFailure') return error;
  const { code = '', message } = error as ServerError;
  const name =
    BY_CODE[code] ?? (isLost(message) || code.startsWith('08') ? 'connection-lost' : isTls(error) ? 'tls-failed' : 'server-error');
  return problems[name]({ values: { ...about, reason: reasonOf(name, error) }, cause: error });
}

function reasonOf(name: Name, error: ServerError): Text {
  if (name === 'host-unreachable') return error.code === 'ECONNREFUSED' ? NOTHING_LISTENS : verbatim(String(error.code));
  return verbatim(error.message);
}

function isLost(message: string): boolean {
  return /connection terminated|connection ended|client has encountered a connection error|not queryable|timeout expired/i.test(message);
}

function isTls(error: ServerError): boolean {
  return /ssl|tls|certificate|altname/i.test(`${error.code ?? ''} ${error.message}`);
}
