/**
 * A problem as the caller of an exchange gets it: `application/problem+json` in its language, or, for a caller that speaks
 * gRPC, a status of gRPC, which its library understands. Source: gRPC over HTTP/2, "Responses" (Trailers-Only).
 */
import type { Problem } from '../../base/problem.ts';
import { chooseLanguage } from '../../base/text.ts';
import { isGrpc } from '../http2/inward.ts';
import type { EngineExchange } from './exchange.ts';

/** What goes over the wire; the exchange keeps the problem's own status for records. */
export interface ProblemAnswer {
  readonly status: number;
  readonly bytes: Buffer;
}

const EMPTY = Buffer.alloc(0);

/** Codes of gRPC by HTTP status; what is not here is 2, "unknown". */
const GRPC_CODES: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  405: 12,
  408: 4,
  409: 10,
  413: 8,
  414: 13,
  417: 13,
  422: 3,
  429: 8,
  431: 8,
  499: 1,
  500: 13,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
};

/** Sets status and fields of the answer. */
export function problemAnswer(problem: Problem, exchange: EngineExchange): ProblemAnswer {
  const { status } = problem;
  const { retryAfterMs } = problem.options;
  const { response } = exchange;
  exchange.status = status;
  if (retryAfterMs !== undefined) response.set('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  const body = problem.toBody(chooseLanguage(exchange.request.get('accept-language')), {
    requestId: exchange.id,
    traceId: exchange.traceId,
  });
  const asked = exchange.request.get('content-type') ?? '';
  if (!isGrpc(asked)) {
    response.set('content-type', 'application/problem+json');
    return { status, bytes: Buffer.from(JSON.stringify(body)) };
  }
  response.set('content-type', asked);
  response.set('grpc-status', String(GRPC_CODES[status] ?? 2));
  response.set('grpc-message', grpcText(body.detail ?? body.title));
  return { status: 200, bytes: EMPTY };
}

/** Percent-encoded but for visible ASCII. */
function grpcText(text: string): string {
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    encoded += byte >= 32 && byte < 127 && byte !== 37 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
