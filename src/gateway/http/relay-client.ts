/** Between a relay, which carries one exchange through an upstream, and the client's connection that owns it. */
import type { Problem } from '../../base/problem.ts';
import type { ForwardedLines } from './messages.ts';

/** What the relay asks of the client's connection. */
export interface RelayClient {
  readonly forwardedLines: ForwardedLines;
  /** True when the request had no body at all. */
  readonly isBodiless: boolean;
  /** True when the request's last byte has been read. */
  readonly isRequestDone: boolean;
  /** HTTP/1.1, so that informational answers may be passed on. */
  readonly takesInterims: boolean;
  /** True when a request goes on after its answer; streams of HTTP/2 rather end, which costs nothing. */
  readonly sendsOn: boolean;
  /** True when trailers may be passed on though the request does not ask for them. */
  readonly takesTrailers: boolean;
  /** Trailers of the request's body are passed on; before any of the body is asked for. */
  keepTrailers(): void;
  /** Adds body bytes already here to the writer, if they are few. */
  addFirstBody(): void;
  /** The upstream takes no more body for now, or takes it again. */
  holdBody(): void;
  releaseBody(): void;
  /** The answer's head is about to be written: says whether the connection closes after it. */
  decideClose(mustClose: boolean): boolean;
  /** Writes bytes of the answer; false when the client should be waited for. */
  write(bytes: Buffer): boolean;
  /** Writes a whole answer, perhaps together with those of others at the end of this turn; its memory is given back then. */
  writeWhole(bytes: Buffer): void;
  readonly isFlushed: boolean;
  /** False when `onClientDrain` will follow. */
  readonly takesMore: boolean;
  /** Answers with a problem in place of the upstream's answer; `reason` stands in the record instead of its code. */
  answerProblem(problem: Problem, reason?: string): void;
  /** Others wait for the upstream: ends the exchange when the body comes too slowly; true when it did. */
  giveWay(): boolean;
  /** The protocol has been switched: from now on the client's bytes are passed on as they come. */
  startTunnel(): void;
  /** The answer is complete. */
  endExchange(reason: string): void;
  /** The answer cannot be completed: cuts the connection. */
  cut(reason: string): void;
}

/** Up to here bytes are copied behind a head, to save a write. */
export const JOIN_BYTES_MAX = 16 * 1024;
