/** Answers of our own as bytes: from policies, data APIs and problems. */
import type { Problem } from '../../base/problem.ts';
import type { Answer } from '../../sdk/exchange.ts';
import type { Disposition, RawAnswer } from '../contract.ts';
import type { EngineExchange } from './exchange.ts';
import type { Fields } from './fields.ts';
import type { EngineTools } from './tools.ts';

export type { Answer, Disposition, RawAnswer };

/** Bytes of a large body written at a time. */
const PIECE_BYTES = 64 * 1024;
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive']);

/** The body's bytes; without a copy when they are bytes already. */
export function answerBytes({ body }: Answer | RawAnswer): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Puts the answer's fields in place of equal ones; framing is the engine's own. */
export function copyAnswerFields(fields: Fields, answer: Answer | RawAnswer): void {
  const { headers } = answer;
  if (!headers) return;
  for (const name of Object.keys(headers)) if (!FRAMING.has(name.toLowerCase())) fields.set(name, headers[name]!);
}

/** A body on its way out in pieces. */
export class LocalBody {
  readonly reason: string;
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer, reason: string) {
    this.bytes = bytes;
    this.reason = reason;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** The next piece. */
  next(): Buffer {
    const from = this.at;
    this.at = Math.min(this.bytes.length, from + PIECE_BYTES);
    return this.bytes.subarray(from, this.at);
  }
}

/** Runs the response phase over an answer of our own, then `next` with the problem that replaces it, if any. */
export function runPhase(
  tools: Pick<EngineTools, 'core' | 'failure'>,
  exchange: EngineExchange,
  answer: Answer | RawAnswer,
  next: (problem: Problem | undefined) => void,
): void {
  exchange.status = answer.status;
  let verdict: Problem | undefined | Promise<Problem | undefined>;
  try {
    copyAnswerFields(exchange.response, answer);
    verdict = tools.core.onResponse(exchange);
  } catch (error) {
    return next(tools.failure(exchange, error));
  }
  if (!(verdict instanceof Promise)) return next(verdict);
  exchange.clockAt = -1;
  verdict.then(next, (error: unknown) => next(tools.failure(exchange, error)));
}
