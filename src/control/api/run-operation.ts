/** Runs one operation within its time, for as long as somebody waits for the answer. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatDuration } from '../../base/units.ts';
import type { Clock } from '../../base/clock.ts';
import type { ControlConfig } from '../config.ts';
import { languageOf } from './boundary.ts';
import { NOBODY, type Seen } from './caller.ts';
import { exportList, wantsCsv } from './export-list.ts';
import type { Call, Operation } from './operation.ts';
import type { Parts } from './parts.ts';
import problems from './problems.ts';
import { readCall } from './read-call.ts';
import { isReply } from './reply.ts';
import { queryOf } from './request.ts';

/** Reads the call, runs the handler, sends what it answers. Raises what went wrong. */
export async function runOperation(
  operation: Operation,
  parts: Parts,
  seen: Seen,
  config: Pick<ControlConfig, 'requests' | 'exports'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readCall(operation, {
    params: request.params as Record<string, string>,
    query: queryOf(request),
    contentType: mediaType(request.headers['content-type']),
    body: typeof request.body === 'string' ? request.body : undefined,
  });
  seen.claim = operation.claims?.(read.body as never);
  const callOf = (signal: AbortSignal): Call => ({
    ...read,
    caller: seen.caller ?? NOBODY,
    signal,
    language: languageOf(request),
    requestId: request.id,
    stillAllowed: seen.stillAllowed ?? (async () => false),
    address: request.ip,
    header: (name) => request.headers[name] as string | undefined,
  });
  if (wantsCsv(operation, read.query['format'], request.headers.accept)) {
    const { rows, timeout } = config.exports;
    return withDeadline(parts.clock, timeout, request, (signal) => exportList(operation, callOf(signal), parts, rows, reply));
  }
  const answer = await withDeadline(parts.clock, operation.timeoutMs ?? config.requests.timeout, request, (signal) =>
    operation.handler(callOf(signal), parts),
  );
  return sendAnswer(operation, answer, reply);
}

function mediaType(header: string | undefined): string {
  return header?.split(';', 1)[0]!.trim().toLowerCase() ?? '';
}

function sendAnswer(operation: Operation, answer: unknown, reply: FastifyReply): FastifyReply {
  if (!isReply(answer)) {
    return answer === undefined ? reply.code(operation.status ?? 204).send() : sendJson(reply.code(operation.status ?? 200), answer);
  }
  void reply.code(answer.status).headers(answer.headers);
  if (answer.body === undefined) return reply.send();
  return answer.contentType ? reply.type(`${answer.contentType}; charset=utf-8`).send(answer.body) : sendJson(reply, answer.body);
}

function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(value));
}

/** The signal aborts at the deadline and when the caller's socket closes; the wait ends with it. */
async function withDeadline<V>(clock: Clock, ms: number, request: FastifyRequest, act: (signal: AbortSignal) => Promise<V>): Promise<V> {
  const controller = new AbortController();
  const timedOut = problems.raise['timed-out']({ values: { limit: formatDuration(ms) } });
  const cancel = clock.after(ms, () => controller.abort(timedOut));
  const gone = () => controller.abort(problems.raise['caller-gone']());
  request.raw.socket.once('close', gone);
  try {
    return await Promise.race([act(controller.signal), aborted(controller.signal)]);
  } finally {
    cancel();
    request.raw.socket.off('close', gone);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
