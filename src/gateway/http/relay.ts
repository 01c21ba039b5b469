/**
 * One exchange on its way through an upstream: request out, answer back, back-pressure both ways.
 * Owned by a client connection and used for one exchange after the other.
 *
 *   start ─▶ (wait for a connection) ─▶ head and first body bytes in one write ─▶ more body
 *         ◀─ response phase ◀─ head and first body bytes in one write ◀─ more body ◀─ done
 *
 * A request is repeated only if idempotent, without body, on a reused connection that gave no byte; and
 * sent to another target when none of its bytes could have left (connect failed, no body). What an upstream
 * configures beyond that is in retries.ts; never once a byte of an answer went to the client.
 */
import { Problem } from '../../base/problem.ts';
import type { Forward, Trip } from '../contract.ts';
import type { ConnectionPool } from '../upstream/pool.ts';
import { UpstreamConnection } from '../upstream/connection.ts';
import type { RequestTerms, UpstreamFailure, UpstreamUser } from '../upstream/terms.ts';
import type { EngineExchange } from './exchange.ts';
import type { Head } from './head.ts';
import { writeInterimHead, writeRequestHead, writeSwitchHead, writeUpstreamHead } from './messages.ts';
import problems from './problems.ts';
import { JOIN_BYTES_MAX, type RelayClient } from './relay-client.ts';
import { termsFor } from './relay-terms.ts';
import { Retries, type RetryUser } from './retries.ts';
import type { EngineTools } from './tools.ts';
import { announceTrailers, passTrailers } from './trailers.ts';

/** Faults that pass by themselves. */
const BUSY: ReadonlySet<string> = new Set(['upstream-busy', 'upstream-unhealthy']);

export class Relay implements UpstreamUser, RetryUser, Trip {
  /** Milliseconds from the request's sending to the first byte of the answer. */
  upstreamMs = 0;
  /** True when the head of the answer has been written. */
  started = false;
  /** True when all of the answer has been written, and the rest of the request is still to be sent. */
  isAnswered = false;
  tries = 0;
  targetIndex = -1;
  targetId = '';
  reused = false;
  waitMs = 0;
  connectMs = 0;
  private readonly tools: EngineTools;
  private readonly client: RelayClient;
  private exchange: EngineExchange | undefined = undefined;
  private forward!: Forward;
  private terms!: RequestTerms;
  /** What `terms` were made of: an exchange like the one before has the same. */
  private termsOf: Forward | undefined = undefined;
  private connection: UpstreamConnection | undefined = undefined;
  private waiting = false;
  private responseHead: Head | undefined = undefined;
  /** Bytes that came while the response phase is still running. */
  private held: { bytes: Buffer; done: boolean } | undefined = undefined;
  private untilClose = false;
  /** Trailers of the answer that is through; see `UpstreamConnection`. */
  private trailers: Buffer | undefined = undefined;
  /** What was wrong with the end of the answer. */
  private oddity: '' | 'answered-twice' | 'answered-early' = '';
  private repeated = false;
  private connects = 0;
  private sentAt = 0;
  private waitingSince = 0;
  /** Rules of repeating while this exchange has some, and the one object they are kept in. */
  private retries: Retries | undefined = undefined;
  private spareRetries: Retries | undefined = undefined;
  /** True when the client has seen an informational answer. */
  private hasInterim = false;

  constructor(tools: EngineTools, client: RelayClient) {
    this.tools = tools;
    this.client = client;
  }

  /** Why earlier tries were given up. */
  get retried(): string {
    return this.retries?.reasons ?? '';
  }

  /** True when body bytes can be sent on now. */
  get isConnected(): boolean {
    return this.connection !== undefined;
  }

  /** A new exchange begins; it may never come to `start`. */
  begin(): void {
    this.started = this.isAnswered = this.reused = this.hasInterim = false;
    this.oddity = '';
    this.retries = this.trailers = undefined;
    this.upstreamMs = this.tries = this.waitMs = this.connectMs = 0;
    this.targetIndex = -1;
    this.targetId = '';
  }

  start(exchange: EngineExchange, forward: Forward): void {
    this.exchange = exchange;
    this.forward = forward;
    const { retries, counts, passesTrailers } = forward.pool as ConnectionPool;
    this.terms = termsFor(exchange, forward, this.client, forward === this.termsOf ? this.terms : undefined);
    this.termsOf = forward;
    this.repeated = false;
    this.connects = 0;
    if (passesTrailers && exchange.head.chunked) {
      this.client.keepTrailers();
      announceTrailers(exchange.head, exchange.request);
    }
    if (retries) {
      this.retries = this.spareRetries ??= new Retries(this, this.tools.wheel, this.tools.clock);
      this.retries.begin(retries, counts, exchange);
    }
    this.acquire(false);
    exchange.clockAt = -1; // Who waits is sent later.
  }

  /** Passes on a piece of the request's body; false when its memory must stay as it is. */
  sendBody(b: Buffer, start: number, end: number): boolean {
    const { connection } = this;
    if (end <= start || !connection) return true;
    if (!this.started) this.retries?.keep(b, start, end);
    if (!connection.write(b.subarray(start, end))) this.client.holdBody();
    else connection.touch();
    return connection.isOut;
  }

  /** True when nobody looks at what was sent of the body any more. */
  get isBodyOut(): boolean {
    return this.connection?.isOut ?? false;
  }

  /** The client of a switched connection sends no more. */
  endTunnel(): void {
    this.connection?.endWriting();
  }

  /** The request's last byte was sent. */
  endRequest(): void {
    this.connection?.endRequest();
    if (this.isAnswered) this.end('');
  }

  /** The client takes bytes again. */
  onClientDrain(): void {
    if (!this.held) this.connection?.resume(this);
  }

  /** Lets go of the upstream: the exchange ends without it. */
  cancel(): void {
    if (this.waiting) (this.forward.pool as ConnectionPool).forget(this);
    this.retries?.settle();
    this.noteLost(this.connection);
    this.connection?.abandon(this);
    this.connection = undefined;
    this.held = undefined;
    this.exchange = undefined;
  }

  /** After the exchange: gives the response head's arrays back. */
  recycle(): void {
    if (this.responseHead) this.tools.responseHeads.give(this.responseHead);
    this.responseHead = undefined;
    this.exchange = undefined;
  }

  onConnection(connection: UpstreamConnection): void {
    this.waiting = false;
    this.waitMs += this.tools.clock.monotonic() - this.waitingSince;
    if (this.send(connection)) this.client.releaseBody();
  }

  onInterim(connection: UpstreamConnection): void {
    if (connection !== this.connection || !this.client.takesInterims) return;
    this.hasInterim = true;
    const { writer } = this.tools;
    writer.begin();
    writeInterimHead(writer, connection.head!);
    this.client.write(writer.finish());
    writer.release(this.client.isFlushed);
  }

  onResponse(connection: UpstreamConnection, head: Head, b: Buffer, start: number, end: number, done: boolean): void {
    const { exchange } = this;
    if (connection !== this.connection || !exchange) return;
    if (this.retries && this.discards(connection, head)) return;
    this.responseHead = head;
    exchange.clockAt = this.tools.clock.monotonic();
    this.upstreamMs = exchange.clockAt - this.sentAt;
    if (!this.reused) this.connectMs = connection.connectMs;
    this.untilClose = connection.body.isUntilClose;
    if (done && connection.isOdd) this.noteEnd(connection);
    exchange.status = head.status;
    exchange.response.readFrom(head);
    if (this.terms.trailers && connection.body.isChunked) exchange.response.watch();
    let verdict: Problem | undefined | Promise<Problem | undefined>;
    try {
      verdict = this.tools.core.onResponse(exchange);
    } catch (error) {
      verdict = this.tools.failure(exchange, error);
    }
    if (!(verdict instanceof Promise)) return this.deliver(verdict, b, start, end, done);
    exchange.clockAt = -1;
    connection.pause(this);
    exchange.response.detach();
    this.held = { bytes: Buffer.from(b.subarray(start, end)), done };
    verdict.then(
      (problem) => this.afterPhase(exchange, problem),
      (error: unknown) => this.afterPhase(exchange, this.tools.failure(exchange, error)),
    );
  }

  onBody(connection: UpstreamConnection, b: Buffer, start: number, end: number, done: boolean): void {
    if (connection !== this.connection) return;
    if (done && connection.isOdd) this.noteEnd(connection);
    if (this.held) {
      this.held = { bytes: Buffer.concat([this.held.bytes, b.subarray(start, end)]), done };
      return;
    }
    this.pass(connection, b, start, end, done);
    if (done) this.finish();
  }

  onDrain(connection: UpstreamConnection): void {
    if (connection === this.connection) this.client.releaseBody();
  }

  giveWay(): boolean {
    return (!this.started || this.isAnswered) && this.client.giveWay();
  }

  onFailure(connection: UpstreamConnection | undefined, failure: UpstreamFailure): void {
    const { exchange } = this;
    if (!exchange || connection !== this.connection) return;
    if (this.oddity === 'answered-early') return this.isAnswered ? this.end('upstream-answered-early') : undefined; // The answer is whole.
    this.connection = undefined;
    this.noteLost(connection);
    this.held = undefined;
    if (!this.started && !this.hasInterim && this.mayRepeat(connection, failure)) return;
    this.retries?.settle();
    const problem = this.problemOf(failure);
    const more = failure.tls ?? failure.malformed ?? '';
    const reason = more === '' ? problem.code : `${problem.code}-${more}`;
    // The call record tells it to everybody; a line a request would be all there is in the log of a bad hour.
    this.tools.log.debug('upstream failed', {
      requestId: exchange.id,
      upstream: this.forward.pool.key,
      fault: failure.fault,
      malformed: failure.malformed,
    });
    if (this.started) return this.client.cut(reason);
    exchange.response.clear();
    this.client.answerProblem(problem, reason);
  }

  /** A connection that was not had, or never stood, took its time all the same. */
  private noteLost(connection: UpstreamConnection | undefined): void {
    const now = this.tools.clock.monotonic();
    if (this.waiting) this.waitMs += now - this.waitingSince;
    else if (connection && !this.reused) this.connectMs = connection.connectMs || now - this.sentAt;
    this.waiting = false;
  }

  private acquire(fresh: boolean): void {
    const found = (this.forward.pool as ConnectionPool).acquire(this, this.terms, fresh);
    if (found === 'waiting') this.startWaiting();
    else if (found instanceof UpstreamConnection) {
      if (this.send(found) && this.tries > 1) this.client.releaseBody();
    } else this.onFailure(undefined, found);
  }

  private startWaiting(): void {
    this.waiting = true;
    this.waitingSince = this.tools.clock.monotonic();
  }

  /** The wait before a repeat is over. */
  onRetry(): void {
    this.acquire(false);
  }

  /** The time of this try is over. */
  onTryLate(): void {
    if (!this.waiting) return this.connection?.expire(this);
    (this.forward.pool as ConnectionPool).forget(this);
    this.onFailure(undefined, { fault: 'upstream-timeout' });
  }

  /** Sends the request, or what there is of it; false when the upstream takes no more for now. */
  private send(connection: UpstreamConnection): boolean {
    this.connection = connection;
    this.tries++;
    this.targetIndex = connection.target.index;
    this.targetId = connection.target.id;
    this.reused = connection.reused;
    this.connectMs = 0;
    const { writer, clock } = this.tools;
    const { clockAt = -1 } = this.exchange!;
    this.sentAt = clockAt >= 0 ? clockAt : clock.monotonic();
    this.exchange!.clockAt = -1;
    writer.begin();
    writeRequestHead(writer, this.exchange!, this.forward, connection.target.hostLines, this.client.forwardedLines, this.terms);
    if (this.retries) this.addKeptBody(this.retries);
    else this.client.addFirstBody();
    if (this.client.isRequestDone) {
      connection.writeWhole(writer.finish());
      connection.endRequest();
      return true;
    }
    const ok = connection.write(writer.finish());
    writer.release(connection.isFlushed);
    if (!ok) this.client.holdBody();
    return ok;
  }

  /** Adds what earlier tries sent of the body, and what has come since; keeps it all for the next. */
  private addKeptBody(retries: Retries): void {
    const { writer } = this.tools;
    const { body } = retries;
    writer.bytes(body, 0, body.length);
    const before = writer.finish().length;
    this.client.addFirstBody();
    const all = writer.finish();
    retries.keep(all, before, all.length);
  }

  /** True when an answer is thrown away, since the request will be repeated. */
  private discards(connection: UpstreamConnection, head: Head): boolean {
    const retries = this.retries!;
    if (this.hasInterim || !retries.answered(head.status)) {
      retries.settle();
      return false;
    }
    this.connection = undefined;
    this.terms.avoid = connection.target;
    this.tools.responseHeads.give(head);
    connection.abandon(this);
    this.holdForRetry();
    return true;
  }

  private holdForRetry(): void {
    if (!this.client.isRequestDone) this.client.holdBody();
  }

  private mayRepeat(connection: UpstreamConnection | undefined, failure: UpstreamFailure): boolean {
    const { client, retries } = this;
    const { fault } = failure;
    if (connection) this.terms.avoid = connection.target;
    const { refused = false } = failure; // Then the target did nothing, whatever the method.
    const mayAgain = refused || this.exchange!.isIdempotent;
    const stale = fault === 'upstream-closed' && connection !== undefined && (connection.reused || refused) && !connection.gotByte;
    if (retries && !(stale && !this.repeated && mayAgain)) {
      if (!retries.failed(failure)) return false;
      this.holdForRetry();
      return true;
    }
    if (!connection || !(client.isBodiless || retries?.hasBody)) return false;
    const pool = this.forward.pool as ConnectionPool;
    if ((fault === 'upstream-unreachable' || fault === 'upstream-tls') && ++this.connects < pool.connectsMax) {
      this.acquire(false);
      return true;
    }
    if (!stale || this.repeated || !mayAgain) return false;
    this.repeated = true;
    pool.counts.add('resent');
    this.acquire(true);
    return true;
  }

  private problemOf({ fault, malformed }: UpstreamFailure): Problem {
    const { connectMs, firstByteMs, idleMs } = this.forward;
    const ms = fault === 'upstream-connect-timeout' ? connectMs : this.started ? idleMs : firstByteMs;
    return problems.raise[fault]({ values: { ms, fault: malformed ?? '' }, ...(BUSY.has(fault) ? { retryAfterMs: 1000 } : {}) });
  }

  private afterPhase(exchange: EngineExchange, problem: Problem | undefined): void {
    const { held } = this;
    if (this.exchange !== exchange || !held) return;
    this.held = undefined;
    const connection = this.connection!;
    this.deliver(problem, held.bytes, 0, held.bytes.length, held.done);
    if (this.connection === connection && this.client.takesMore) connection.resume(this);
  }

  private deliver(problem: Problem | undefined, b: Buffer, start: number, end: number, done: boolean): void {
    const exchange = this.exchange!;
    const connection = this.connection!;
    if (problem) {
      connection.abandon(this);
      this.connection = undefined;
      exchange.response.clear();
      return this.client.answerProblem(problem);
    }
    const { writer, date } = this.tools;
    const head = this.responseHead!;
    this.started = true;
    const close = this.client.decideClose(this.untilClose || !(this.client.isRequestDone || connection.sendsOn));
    if (exchange.response.isWatched) announceTrailers(head, exchange.response);
    writer.begin();
    const isSwitched = head.status === 101;
    if (isSwitched) writeSwitchHead(writer, exchange, head, this.terms.upgrade);
    else writeUpstreamHead(writer, exchange, head, head.hasDate ? '' : date(), close);
    const join = end - start <= JOIN_BYTES_MAX;
    if (join) writer.bytes(b, start, end);
    if (join && done) {
      const tail = this.trailers && this.takeEnd();
      if (tail) writer.bytes(tail, 0, tail.length);
      this.client.writeWhole(writer.finish());
      if (this.oddity === '') return this.end('');
    }
    exchange.clockAt = -1; // It ends later, or may.
    if (join && done) return this.finish();
    const ok = this.client.write(writer.finish());
    writer.release(this.client.isFlushed);
    if (!join) this.pass(connection, b, start, end, done);
    else if (!ok && !done) connection.pause(this);
    if (done) this.finish();
    else exchange.response.detach();
    if (isSwitched && !done) this.client.startTunnel();
  }

  /** Passes body bytes to the client, copied only if their memory will be read into again. */
  private pass(connection: UpstreamConnection, b: Buffer, start: number, end: number, done: boolean): void {
    if (end <= start) return;
    const { client } = this;
    const { writer } = this.tools;
    let ok: boolean;
    if (connection.memory === 'shared') {
      writer.begin();
      writer.bytes(b, start, end);
      ok = client.write(writer.finish());
      writer.release(client.isFlushed);
    } else {
      ok = client.write(b.subarray(start, end));
      if (connection.memory === 'private' && !done && !client.isFlushed) connection.renewBuffer();
    }
    if (!ok && !done) connection.pause(this);
  }

  /** Said while the connection is this exchange's: afterwards it may serve another. */
  private noteEnd({ hadMore, wasEarly, trailers }: UpstreamConnection): void {
    this.trailers = trailers;
    this.oddity = hadMore ? 'answered-twice' : wasEarly ? 'answered-early' : '';
  }

  /** What is left to be sent of a body that came with trailers. */
  private takeEnd(): Buffer | undefined {
    const lines = this.trailers;
    this.trailers = undefined;
    return lines && passTrailers(lines, this.responseHead!, this.exchange!.response);
  }

  private finish(): void {
    const { oddity } = this;
    const end = this.takeEnd();
    if (end) this.client.write(end);
    if (oddity === '') return this.end('');
    if (oddity === 'answered-early') {
      if (this.client.isRequestDone) return this.end(''); // Its rest went out while the answer was being decided.
      if (this.connection!.isTakingRest(this)) {
        this.isAnswered = true;
        return this.exchange!.response.detach();
      }
    }
    this.end(oddity === 'answered-early' ? 'upstream-answered-early' : 'upstream-answered-twice');
  }

  private end(reason: '' | 'upstream-answered-early' | 'upstream-answered-twice'): void {
    this.connection = undefined;
    this.isAnswered = false;
    if (reason !== '' && this.oddity !== '') (this.forward.pool as ConnectionPool).counts.add(this.oddity);
    this.client.endExchange(reason);
  }
}
