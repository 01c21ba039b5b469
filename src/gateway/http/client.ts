/**
 * One client's connection: reads requests in order, has each decided by the core, answers in order.
 *
 *   idle ─▶ head ─▶ decide ─▶ body ─▶ answer ─▶ idle …      or, to close: linger ─▶ closed
 *
 * Requests sent ahead wait as bytes, bounded; reading stops beyond. After an answer that closes, what still
 * comes is thrown away for a short time, so that the answer is not lost to a reset (RFC 9112 §9.6).
 */
import type { Socket } from 'node:net';
import type { Problem } from '../../base/problem.ts';
import { type Answer, answerBytes, type Disposition, LocalBody, type RawAnswer, runPhase } from './answers.ts';
import { Body, frameRequest } from './body.ts';
import { BodyMemory } from './body-memory.ts';
import { ClientLine } from './client-line.ts';
import { type ClientHost, type Entrance, isUsedUp } from './entrance.ts';
import { type EngineExchange, HeadExchange } from './exchange.ts';
import { Gather } from './gather.ts';
import { FAULT, type Head, MORE } from './head.ts';
import { CONTINUE, isBodiless, rejection, writeLocalHead } from './messages.ts';
import { Pace } from './pace.ts';
import { prefaceOf } from '../http2/preface.ts';
import { problemAnswer } from './problem-answer.ts';
import problems, { headProblem, lateProblem } from './problems.ts';
import { JOIN_BYTES_MAX, type RelayClient } from './relay-client.ts';
import { rejectedRequest } from './rejected.ts';
import { Relay } from './relay.ts';
import { type SocketUser, useSocket } from './socket-user.ts';
import { type EngineTools, spokenBy, tellDone } from './tools.ts';
import { passTrailers } from './trailers.ts';

/** nginx's status for a client that left before its answer; only in records. */
const CLIENT_LEFT = 499;

export class ClientConnection extends ClientLine implements RelayClient, SocketUser {
  isBodiless = true;
  takesInterims = true;
  readonly takesTrailers: boolean;
  readonly sendsOn: boolean;
  private readonly body = new Body();
  /** Made for the first request with a body: most connections never have one. */
  private memory: BodyMemory | undefined = undefined;
  private readonly relay: Relay;
  private exchange: EngineExchange | undefined = undefined;
  private head: Head | undefined = undefined;
  private gather: Gather | undefined = undefined;
  private local: LocalBody | undefined = undefined;
  private bodyBytesMax = 0;
  private headMs = 0;
  private requests = 0;
  private requestBytes = 0;
  private closeAfter = false;
  private inputEnded = false;
  private bodyHeld = false;
  private bodyFailed = false;
  private pace: Pace | undefined = undefined;
  private pumping = false;
  private isTunnel = false;

  constructor(tools: EngineTools, host: ClientHost, socket: Socket, entrance: Entrance) {
    super(tools, host, socket, entrance);
    const isStream = entrance.protocol === 'h2';
    this.takesTrailers = isStream;
    this.sendsOn = !isStream;
    this.relay = new Relay(tools, this);
    useSocket(socket, this);
    this.time('idle', this.profile.limits.headMs);
  }

  get isRequestDone(): boolean {
    return this.body.done;
  }

  /** The listener is closing: ends now if idle, else after the present answer. */
  drain(): void {
    if (this.mode === 'idle' && this.input.isEmpty) this.finishConnection();
    else this.closeAfter = true;
  }

  /** Ends at once, whatever is going on. */
  destroy(): void {
    this.terminate('gateway-stopped');
  }

  onDeadline(): void {
    switch (this.timing) {
      case 'idle':
        this.host.onEnded('keep-alive');
        return this.isFlushed ? this.finishConnection() : this.terminate('client-write-timeout');
      case 'head':
        return this.reject(lateProblem('head-timeout', this.profile.limits, this.elapsedMs));
      case 'body':
        if (this.exchange) this.failBody(lateProblem('body-timeout', this.profile.limits, this.elapsedMs));
        return;
      case 'write':
        return this.onWriteLate();
      case 'linger':
        return this.terminate('');
    }
  }

  addFirstBody(): void {
    const { input, body } = this;
    if (body.done || input.length === 0 || input.length > JOIN_BYTES_MAX) return;
    const from = input.at;
    const { buffer } = input;
    if (!this.takeBody()) return;
    this.tools.writer.bytes(buffer, from, body.passEnd);
    const end = this.bodyEnd();
    if (end) this.tools.writer.bytes(end, 0, end.length);
  }

  keepTrailers(): void {
    this.body.keepTrailers();
  }

  /** What is left to be sent of a body that came with trailers, when it is through. */
  private bodyEnd(): Buffer | undefined {
    const { trailers } = this.body;
    return trailers && passTrailers(trailers, this.exchange!.head, this.exchange!.request);
  }

  holdBody(): void {
    this.bodyHeld = true;
    this.input.pause();
    if (!this.socket.writableNeedDrain) this.tools.wheel.clear(this); // Else the client must go on reading.
  }

  releaseBody(): void {
    this.bodyHeld = false;
    this.memory?.drained(this.relay.isBodyOut);
    this.input.resume();
    this.pace?.start(this.tools.wheel.now, this.body.contentBytes);
    if (this.mode === 'body') this.timeBody();
    this.pump();
  }

  decideClose(mustClose: boolean): boolean {
    this.closeAfter ||= mustClose || this.host.isDraining;
    return this.closeAfter;
  }

  answerProblem(problem: Problem, reason: string = problem.code): void {
    const exchange = this.exchange!;
    const { status, bytes } = problemAnswer(problem, exchange);
    this.writeAnswer(exchange, status, bytes, reason);
  }

  startTunnel(): void {
    this.isTunnel = true;
    this.beginBody(this.exchange!.head);
    this.body.untilClose();
    this.bodyBytesMax = Number.POSITIVE_INFINITY;
    this.mode = 'body';
    this.pump();
  }

  endExchange(reason: string): void {
    const exchange = this.exchange!;
    this.exchange = undefined;
    this.local = undefined;
    this.report(exchange, exchange.status, reason);
    if (this.mode === 'closed') return;
    if (this.closeAfter || !this.body.done) return this.finishConnection();
    this.mode = 'idle';
    if (this.inputEnded && this.input.isEmpty) return this.finishConnection();
    if (this.isBodiless) this.input.release();
    else this.memory!.end();
    if (this.bodyHeld) this.input.resume(); // Answered before the upstream took all: it will tell nobody here when it does.
    this.bodyHeld = false;
    this.time('idle', this.profile.limits.keepAliveMs);
    this.pump();
  }

  cut(reason: string): void {
    this.terminate(reason);
  }

  onData(chunk: Buffer): void {
    if (this.mode === 'linger' || this.mode === 'closed') return;
    this.input.add(chunk);
    this.pump();
  }

  onEnd(): void {
    this.inputEnded = true;
    if (this.isTunnel || this.lacksRest) return this.pump();
    if (this.mode === 'idle' && this.input.isEmpty) this.finishConnection();
  }

  /** A request began whose rest will never come. */
  private get lacksRest(): boolean {
    if (!this.inputEnded || this.isTunnel || !this.input.isEmpty) return false;
    return this.mode === 'head' || (this.mode === 'body' && !this.body.done);
  }

  /** Reads on as far as the present mode allows; answers given at once make it go around again. */
  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (this.input.length > 0) {
      if (this.mode === 'idle' || this.mode === 'head') {
        if (this.socket.writableNeedDrain) break; // Who does not read answers gets no further request answered.
        this.readHead();
      } else if (this.mode === 'body' && this.relay.isConnected && !this.bodyHeld) {
        this.readBody();
      } else {
        break;
      }
    }
    this.pumping = false;
    if (this.lacksRest) return this.terminate('client-closed');
    if (this.isTunnel && this.inputEnded && this.input.isEmpty) this.relay.endTunnel();
    if (this.mode === 'linger' || this.mode === 'closed') this.input.clear();
  }

  private readHead(): void {
    const { input, tools } = this;
    if (this.gather && this.head) {
      this.gather.append(this.head, input.buffer, input.at, input.end);
      input.replace(this.gather.buffer, this.gather.length);
    } else {
      this.useProfile();
      this.head ??= this.profile.requestHeads.take();
      this.head.begin(input.buffer, input.at);
      this.startedAt = tools.clock.monotonic();
      this.headMs = 0;
    }
    const { head } = this;
    const result = head.parse(input.end);
    if (result === FAULT) return this.refuse(head);
    if (result === MORE) {
      if (!this.gather) {
        this.gather = new Gather(head, input.end);
        this.mode = 'head';
        this.time('head', Math.min(this.profile.limits.headMs, this.profile.limits.requestMs));
      }
      return input.takeAll();
    }
    const { coverage } = this.entrance;
    if (coverage && head.hostIndex >= 0 && !coverage.covers(head.value(head.hostIndex))) return this.reject(problems.raise.misdirected());
    if (this.gather) this.headMs = tools.clock.monotonic() - this.startedAt;
    this.gather = this.head = undefined;
    input.at = head.end;
    this.decide(head);
  }

  private decide(head: Head): void {
    const { tools, body } = this;
    tools.wheel.clear(this);
    this.requests++;
    this.host.onRequest();
    frameRequest(body, head);
    this.isBodiless = body.done;
    this.takesInterims = head.minor === 1;
    this.closeAfter ||= head.connectionClose || head.minor === 0 || isUsedUp(this.host, this.profile, this.requests);
    this.requestBytes = head.end - head.start;
    this.responseBytes = 0;
    this.relay.begin();
    this.bodyHeld = this.bodyFailed = false;
    if (!this.isBodiless) this.beginBody(head);
    this.mode = 'decide';
    const { entrance, startedAt } = this;
    const address = entrance.isProxy ? this.askProxy(head) : entrance.address;
    const exchange = (this.exchange = new HeadExchange(head, entrance, address, this.profile.name, startedAt, tools.ids));
    exchange.clockAt = startedAt + this.headMs;
    let disposition: Disposition | Promise<Disposition>;
    try {
      disposition = tools.core.onRequest(exchange);
    } catch (error) {
      disposition = { kind: 'problem', problem: tools.failure(exchange, error) };
    }
    if (!(disposition instanceof Promise)) return this.proceed(exchange, disposition);
    exchange.clockAt = -1;
    const later = (decided: Disposition) => {
      if (this.exchange !== exchange) return;
      exchange.clockAt = -1;
      this.proceed(exchange, decided);
      this.pump();
    };
    disposition.then(later, (error: unknown) => later({ kind: 'problem', problem: tools.failure(exchange, error) }));
  }

  private proceed(exchange: EngineExchange, disposition: Disposition): void {
    this.mode = 'answer';
    if (disposition.kind === 'problem') return this.answerProblem(disposition.problem);
    if (disposition.kind === 'answer') return this.answer(exchange, disposition.answer);
    const { forward } = disposition;
    this.bodyBytesMax = Math.min(forward.bodyBytesMax, this.profile.limits.bodyBytesMax);
    const { contentLength, expectsContinue } = exchange.head;
    if (contentLength > this.bodyBytesMax) return this.answerProblem(this.tooLarge());
    if (!this.body.done) {
      this.mode = 'body';
      this.pace!.start(this.tools.wheel.now, this.body.contentBytes);
    }
    this.relay.start(exchange, forward);
    if (this.exchange !== exchange || this.body.done || this.bodyFailed) return;
    if (expectsContinue && !this.relay.started && this.input.length === 0) {
      this.sendFirst();
      this.socket.write(CONTINUE);
    }
    if (!this.bodyHeld) this.timeBody();
  }

  private readBody(): void {
    const { input, body } = this;
    const { at: from, buffer } = input;
    if (!this.takeBody()) return;
    const isOut = this.relay.sendBody(buffer, from, body.passEnd);
    this.memory?.sent(buffer, isOut, from === 0 && body.passEnd === buffer.length);
    const end = this.bodyEnd();
    if (end) this.relay.sendBody(end, 0, end.length);
    if (!body.done) {
      if (!this.bodyHeld) this.timeBody();
      return;
    }
    this.relay.endRequest();
  }

  /** Takes body bytes from the input; false when the exchange ends because they are malformed or too many. */
  private takeBody(): boolean {
    const { input, body } = this;
    const from = input.at;
    const next = body.take(input.buffer, from, input.end);
    if (next < 0 || body.contentBytes > this.bodyBytesMax) {
      const problem = next < 0 ? problems.raise.chunk() : this.tooLarge();
      input.clear();
      this.bodyFailed = this.closeAfter = true; // Where the next request would begin nobody can say any more.
      queueMicrotask(() => this.failBody(problem)); // Not amid the writing of the request.
      return false;
    }
    input.at = next;
    this.requestBytes += next - from;
    if (body.done) {
      if (this.mode === 'body') this.mode = 'answer';
      this.tools.wheel.clear(this);
    }
    return true;
  }

  /** The request cannot be completed: the upstream is let go, and the client told if it still can be. */
  private failBody(problem: Problem): void {
    if (!this.exchange) return;
    const { started, isAnswered } = this.relay;
    this.relay.cancel();
    if (isAnswered) return this.endExchange(problem.code); // What was answered stands.
    if (started || this.mode !== 'body') return this.terminate(problem.code);
    this.exchange.response.clear();
    this.mode = 'answer';
    this.answerProblem(problem);
  }

  giveWay(): boolean {
    const { bodyRateMin } = this.profile.limits;
    if (this.mode !== 'body' || this.bodyHeld) return false;
    if (!this.pace?.isSlow(this.tools.wheel.now, this.body.contentBytes, bodyRateMin)) return false;
    this.failBody(problems.raise['body-slow']({ values: { rate: bodyRateMin } }));
    return true;
  }

  private answer(exchange: EngineExchange, answer: Answer | RawAnswer): void {
    runPhase(this.tools, exchange, answer, (problem) => {
      if (this.exchange !== exchange) return;
      if (!problem) return this.writeAnswer(exchange, answer.status, answerBytes(answer), '');
      exchange.response.clear();
      this.answerProblem(problem);
    });
  }

  /** Writes an answer of our own; a large body goes out piece by piece as the client takes it. */
  private writeAnswer(exchange: EngineExchange, status: number, bytes: Buffer, reason: string): void {
    const { tools, body, input } = this;
    exchange.clockAt = -1; // What was decided took its time.
    if (!body.done && input.length > 0) input.at = Math.max(input.at, body.take(input.buffer, input.at, input.end));
    const close = this.decideClose(!body.done);
    const bodiless = isBodiless(status);
    const silent = bodiless || exchange.isHead;
    const { writer } = tools;
    writer.begin();
    writeLocalHead(writer, exchange, { status, length: bodiless ? undefined : bytes.length, date: tools.date(), close });
    const join = !silent && bytes.length <= JOIN_BYTES_MAX;
    if (join) writer.bytes(bytes, 0, bytes.length);
    if (join || silent) {
      this.writeWhole(writer.finish());
      return this.endExchange(reason);
    }
    const ok = this.write(writer.finish());
    writer.release(this.isFlushed);
    this.local = new LocalBody(bytes, reason);
    if (ok) this.writeMore();
  }

  private writeMore(): void {
    const local = this.local!;
    while (!local.done) if (!this.write(local.next())) break;
    if (local.done) this.endExchange(local.reason);
  }

  onClose(): void {
    this.terminate((this.socket as { endedBy?: string }).endedBy ?? 'client-closed'); // Streams of HTTP/2 may know more.
  }

  onDrain(): void {
    if (this.mode === 'linger' || this.mode === 'closed') return;
    this.tools.wheel.clear(this);
    if (this.mode === 'body' && !this.bodyHeld) this.timeBody();
    if (this.mode === 'idle') this.time('idle', this.profile.limits.keepAliveMs);
    if (this.local) this.writeMore();
    else this.relay.onClientDrain();
    this.pump();
  }

  /** HTTP/2 by prior knowledge begins like a malformed request; whatever else is malformed is one. */
  private refuse(head: Head): void {
    const first = this.requests === 0 ? prefaceOf(this.input, this.entrance, this.profile) : undefined;
    if (!first) return this.reject(headProblem(head.fault!, this.profile.limits));
    this.mode = 'closed';
    this.giveHead();
    this.tools.wheel.drop(this);
    this.host.onPreface(this, this.socket, first);
  }

  /** Answers a request that never became an exchange, and closes. */
  private reject(problem: Problem): void {
    const { tools } = this;
    const { startedAt } = this;
    const id = tools.ids.requestId(startedAt);
    const answer = rejection(problem, id, tools.date());
    const refusal = { id, startedAt, durationMs: tools.clock.monotonic() - startedAt, responseBytes: answer.length };
    const request = rejectedRequest(this.entrance, this.head, refusal);
    this.giveHead();
    tools.core.onRejected({ clientAddress: this.entrance.address, status: problem.status, reason: problem.code, request });
    this.sendFirst(); // Answers to requests sent ahead of this one.
    this.socket.write(answer);
    this.finishConnection();
  }

  /** A head that became no exchange serves another request. */
  private giveHead(): void {
    if (this.head) this.profile.requestHeads.give(this.head);
    this.head = this.gather = undefined;
  }

  protected terminate(reason: string): void {
    if (this.mode === 'closed') return;
    this.sendFirst();
    this.mode = 'closed';
    this.tools.wheel.drop(this);
    this.input.clear();
    this.giveHead();
    const { exchange } = this;
    const { isAnswered } = this.relay;
    this.exchange = undefined;
    if (exchange) {
      this.relay.cancel();
      exchange.abort(reason);
      this.report(exchange, exchange.status === 0 ? CLIENT_LEFT : exchange.status, reason);
    }
    // A body that ends with the connection looks whole at a clean end: a broken answer ends in a reset.
    if (exchange && this.responseBytes > 0 && !isAnswered && !this.socket.destroyed)
      (this.entrance.protocol === 'http/1.1' ? this.entrance.raw : this.socket).resetAndDestroy();
    this.socket.destroy();
    this.host.onClosed(this);
  }

  private report(exchange: EngineExchange, status: number, reason: string): void {
    const { tools, relay } = this;
    const { outcome } = tools;
    outcome.status = status;
    outcome.reason = reason;
    const { clockAt = -1 } = exchange;
    outcome.durationMs = (clockAt >= 0 ? clockAt : tools.clock.monotonic()) - exchange.startedAt;
    outcome.headMs = this.headMs;
    outcome.upstreamMs = relay.upstreamMs;
    outcome.trip = relay.tries > 0 || relay.waitMs > 0 ? relay : undefined;
    outcome.requestBytes = this.requestBytes;
    outcome.responseBytes = this.responseBytes;
    outcome.protocol = spokenBy(this.entrance, exchange);
    tellDone(tools, exchange, outcome);
    this.profile.requestHeads.give(exchange.end());
    relay.recycle();
  }

  private tooLarge(): Problem {
    return problems.raise['body-too-large']({ values: { limit: this.bodyBytesMax } });
  }

  private beginBody(head: Head): void {
    this.memory ??= new BodyMemory(this.input, this.entrance.protocol !== 'h2'); // Others may look at the bytes of streams too.
    this.memory.begin(head.buffer);
    this.pace ??= new Pace();
  }

  private timeBody(): void {
    if (this.isTunnel) return this.tools.wheel.clear(this); // The upstream's deadline counts bytes of both sides.
    const { bodyIdleMs, requestMs } = this.profile.limits;
    this.time('body', Math.min(bodyIdleMs, Math.max(1, requestMs - this.elapsedMs)));
  }
}
