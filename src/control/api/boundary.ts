/**
 * The one place of control where a failure becomes an answer: problems as RFC 9457, everything else
 * as 500 with an id under which the log holds the reason. No stack, SQL or secret leaves here.
 */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../base/log.ts';
import { mistake, Problem } from '../../base/problem.ts';
import { type Language, chooseLanguage } from '../../base/text.ts';
import { formatBytes } from '../../base/units.ts';
import problems from './problems.ts';
import { pathOf } from './request.ts';

/** The language the caller asks for. */
export function languageOf(request: FastifyRequest): Language {
  return chooseLanguage(request.headers['accept-language']);
}

/** Answers `problem`; the log gets what the caller must not see. */
export function answerProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  // Not being ready is an answer, asked for every second by whoever balances.
  const level = problem.status >= 500 && problem.code !== 'core/api/not-ready' ? 'error' : 'debug';
  log[level]('admin request failed', {
    requestId: request.id,
    method: request.method,
    path: pathOf(request),
    code: problem.code,
    ...(problem.status >= 500 ? { error: problem.options.cause ?? problem } : {}),
  });
  return sendProblem(problem, request, reply);
}

/** Bytes that never became a request: too long a head, too slow, no HTTP. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const problem = unreadable(error.code);
  const body = JSON.stringify(problem.toBody('en'));
  const fields = ['content-type: application/problem+json', `content-length: ${Buffer.byteLength(body)}`, 'connection: close'];
  socket.end([`HTTP/1.1 ${problem.status} Refused`, ...fields, '', body].join('\r\n'));
}

function unreadable(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return problems.raise['head-too-large']();
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? problems.raise['too-slow']() : problems.raise['not-http']();
}

/** Answers a problem in the caller's language. */
export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const language = languageOf(request);
  const { retryAfterMs } = problem.options;
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="weir"');
  if (retryAfterMs !== undefined) void reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  return reply
    .code(problem.status)
    .header('content-language', language === 'zh' ? 'zh-CN' : 'en')
    .type('application/problem+json')
    .send(JSON.stringify(problem.toBody(language, { instance: pathOf(request), requestId: request.id })));
}

/** The problem an error is: itself, one of the framework's, or a fault of ours. */
export function toProblem(error: unknown, request: FastifyRequest, bodyBytesMax: number): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return problems.raise['body-too-large']({ values: { limit: formatBytes(bodyBytesMax) } });
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return problems.raise['unsupported-type']({ values: { allowed: 'application/json' } });
  if (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500) {
    return problems.raise['invalid-request']({
      errors: [mistake('', { en: 'the request cannot be read', zh: '无法读取该请求' })],
      cause: error,
    });
  }
  return problems.raise.unexpected({ values: { requestId: request.id }, cause: error });
}
