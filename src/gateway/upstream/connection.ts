/**
 * One connection to a target: sends a request, reads its answer, strictly, and tells its user.
 *
 *   connecting ─▶ head ─▶ body ─▶ (rest of the request ─▶) (back to the pool, or closed)
 *
 * It goes back only when request and response are both fully through, it is not paused, nothing came
 * behind the response and both sides keep it open; in every other case it is closed.
 */
import { Body, frameResponse } from '../http/body.ts';
import { Gather } from '../http/gather.ts';
import { FAULT, type Head, MORE } from '../http/head.ts';
import { dropFraming } from './framing.ts';
import { FLOODED, REFUSED } from './http2-stream.ts';
import { UpstreamLine } from './line.ts';
import { Pipeline } from './pipeline.ts';
import { isOurCertificateRefused, type SocketTo, tlsReason } from './socket.ts';
import type { ConnectionHost, ConnectionTarget, RequestTerms, UpstreamFailure, UpstreamUser } from './terms.ts';

/** Largest body rest for which reading through the shared buffer, and copying, is cheaper than a buffer of its own. */
const COPY_BYTES_MAX = 16 * 1024;
const INTERIMS_MAX = 8;
const NOTHING = Buffer.alloc(0);

export class UpstreamConnection extends UpstreamLine {
  readonly body = new Body();
  /** The head being read. */
  head: Head | undefined = undefined;
  /** True when an earlier request used this socket. */
  reused = false;
  /** True when a byte of the present answer has come. */
  gotByte = false;
  /** Requests served before this one, for tests and statistics. */
  served = 0;
  /** True when bytes came behind the answer: it is read once, and the connection closed. */
  hadMore = false;
  /** Trailers of the answer that is complete; see `Chunked.trailers`. */
  trailers: Buffer | undefined = undefined;
  /** True when the answer was complete before the request was. */
  wasEarly = false;
  /** How long connecting took; 0 until the connection stands. */
  connectMs = 0;
  private user: UpstreamUser | undefined = undefined;
  private terms!: RequestTerms;
  private requestDone = false;
  private paused = false;
  private interims = 0;
  private keeps = false;
  /** After a 101 both sides send what they like until they end. */
  private isTunnel = false;
  private expected = -1;
  private gather: Gather | undefined = undefined;
  private beganAt = 0;
  /** Requests that went out together with the present one; most connections never have any. */
  private pipeline: Pipeline | undefined = undefined;
  /** True when what comes behind the present answer is nobody's any more. */
  private ends = false;

  constructor(host: ConnectionHost, target: ConnectionTarget, to: Pick<SocketTo, 'address' | 'port' | 'tls'>) {
    super(host, target, to);
    if (target.sessions?.isStanding) this.served = 1; // Others were there before: what is lost may have been lost with the connection.
  }

  /** True when there is something to tell of the end of the answer. */
  get isOdd(): boolean {
    return this.hadMore || this.wasEarly || this.trailers !== undefined;
  }

  get isOpen(): boolean {
    return this.phase !== 'closed';
  }

  /** True when one more request may go out with those that wait to be written; `most` in all. */
  takes(most: number): boolean {
    return this.unsent !== undefined && this.terms.pipelines && 1 + (this.pipeline?.length ?? 0) < most;
  }

  /** Begins a request; the head is written next. */
  begin(user: UpstreamUser, terms: RequestTerms): void {
    this.target.stats.requests++;
    if (this.unsent !== undefined) return this.queue(user, terms);
    this.user = user;
    this.terms = terms;
    this.requestDone = this.gotByte = this.paused = false;
    this.interims = 0;
    if (this.host.observes) this.beganAt = this.host.clock.monotonic();
    this.reused = this.served > 0;
    if (this.phase === 'connecting') return this.host.wheel.set(this, terms.connectMs);
    this.phase = 'head';
    this.host.wheel.clear(this); // It rests no longer; how long the request may take to come is its client's deadline.
  }

  /** The whole request has been written. */
  endRequest(): void {
    this.requestDone = true;
    if (this.phase === 'head') this.host.wheel.set(this, this.terms.firstByteMs);
    if (this.phase === 'rest') this.giveBack();
  }

  /** True when the target, as far as is known, takes the rest of a request it has answered already. */
  get sendsOn(): boolean {
    return this.phase !== 'closed' && this.keeps && this.terms.sendsOn && !this.target.sessions && !this.body.isUntilClose;
  }

  /** True while the rest of this user's request is sent behind its answer. */
  isTakingRest(user: UpstreamUser): boolean {
    return this.phase === 'rest' && this.user === user;
  }

  /** Stops reading until `resume`: the client does not keep up. */
  pause(user: UpstreamUser): void {
    if (this.paused || this.user !== user || this.phase === 'rest') return;
    this.paused = true;
    if (this.pipeline?.length) this.shed(); // Nobody waits for somebody else's client.
    this.socket.pause();
    if (!this.socket.writableNeedDrain) this.host.wheel.clear(this); // Else the target must go on reading.
  }

  /** Reads on. */
  resume(user: UpstreamUser): void {
    if (!this.paused || this.user !== user) return;
    this.paused = false;
    this.socket.resume();
    this.host.wheel.set(this, this.idleMs);
  }

  /** Closes without telling the user; nothing happens when the connection is no longer the user's. */
  abandon(user: UpstreamUser): void {
    if (this.user !== user) {
      this.pipeline?.forget(user);
      return this.closeForNobody();
    }
    const isAnswering = this.unsent === undefined && !this.paused; // Else nothing would be read on.
    this.user = isAnswering ? this.pipeline?.heir : undefined;
    if (!this.user) this.close();
  }

  /** Others wait: true when the user gave its place to them, which closes the connection. */
  giveWay(): boolean {
    return this.user?.giveWay() ?? false;
  }

  /** Closes a connection that rests. */
  retire(): void {
    if (this.phase === 'idle') this.close();
  }

  /** Waits in the pool for at most `ms`. */
  rest(ms: number): void {
    this.phase = 'idle';
    this.host.wheel.set(this, ms);
  }

  /** Its user waits no longer. */
  expire(user: UpstreamUser): void {
    if (this.user === user) this.onDeadline();
    else if (this.pipeline?.forget(user)) {
      this.closeForNobody();
      user.onFailure(this, { fault: 'upstream-timeout' });
    }
  }

  onDeadline(): void {
    if (this.phase === 'idle' || !this.user) return this.close();
    if (this.phase === 'rest') return this.loseRest();
    if (this.phase === 'connecting') {
      this.host.onConnectFailed(this);
      return this.fail({ fault: 'upstream-connect-timeout' });
    }
    this.fail({ fault: 'upstream-timeout' });
  }

  protected onConnect(): void {
    if (this.phase !== 'connecting') return;
    this.connectMs = this.host.clock.monotonic() - this.openedAt;
    if (!this.user) return this.close();
    this.phase = 'head';
    if (this.requestDone) this.host.wheel.set(this, this.terms.firstByteMs);
    else if (this.socket.writableNeedDrain) this.host.wheel.set(this, this.idleMs);
    else this.host.wheel.clear(this);
  }

  protected onSocketDrain(): void {
    if (!this.user || this.phase === 'closed') return;
    if ((this.phase === 'head' && !this.requestDone) || this.phase === 'rest') this.host.wheel.clear(this);
    this.user.onDrain(this);
  }

  protected read(b: Buffer, i: number, end: number): void {
    if (this.phase === 'rest') return this.loseRest();
    if (!this.user || (this.phase !== 'head' && this.phase !== 'body')) return this.close(); // Bytes nobody asked for.
    if (this.unsent) return this.failUnsent(); // Nobody answers what was not asked.
    this.gotByte = true;
    if (this.phase === 'head') this.readHead(b, i, end);
    else this.readBody(b, i, end, undefined);
  }

  private readHead(b: Buffer, i: number, end: number): void {
    let head = this.head;
    if (this.gather && head) {
      this.gather.append(head, b, i, end);
      b = this.gather.buffer;
      end = this.gather.length;
      this.memory = 'lasting';
    } else {
      head = this.head ??= this.host.heads.take();
      head.begin(b, i);
    }
    for (;;) {
      const result = head.parse(end);
      if (result === FAULT) return this.fail({ fault: 'upstream-malformed', malformed: head.fault! });
      if (result === MORE) {
        this.gather ??= new Gather(head, end);
        return;
      }
      if (head.status >= 200 || (head.status === 101 && this.agrees(head))) break;
      if (head.status === 101 || ++this.interims > INTERIMS_MAX) return this.fail({ fault: 'upstream-malformed', malformed: 'interim' });
      dropFraming(head, true); // It has no content (RFC 9110 §8.6): whoever believed such a field would wait for some.
      if (head.status !== 100) this.user?.onInterim(this);
      if (this.phase !== 'head') return;
      const next = head.end;
      head.begin(b, next);
      this.gather = undefined;
      if (next === end) {
        this.gather = new Gather(head, end);
        return;
      }
    }
    this.gather = undefined;
    this.target.stats.succeeded(this.host.wheel.now);
    if (this.host.observes) this.host.onAnswered(this, head.status, this.host.clock.monotonic() - this.beganAt);
    this.frame(head);
    this.phase = 'body';
    this.head = undefined;
    this.readBody(b, head.end, end, head);
  }

  /** True when a 101 switches to what was asked for, and to nothing else. */
  private agrees(head: Head): boolean {
    return this.terms.upgrade !== '' && head.upgrade() === this.terms.upgrade && head.contentLength < 0 && !head.chunked;
  }

  /** Bytes of either side keep a switched connection alive. */
  touch(): void {
    if (this.isTunnel && this.phase === 'body') this.host.wheel.set(this, this.idleMs);
  }

  /** The client sends no more; the target may go on. */
  endWriting(): void {
    if (this.phase === 'body') this.socket.end();
  }

  protected get idleMs(): number {
    return this.isTunnel ? this.terms.tunnelIdleMs : this.terms.idleMs;
  }

  /** Decides where the body ends, and drops framing fields that would not be true of what we send. */
  private frame(head: Head): void {
    const { body } = this;
    this.keeps = !head.connectionClose && (head.minor === 1 || head.connectionKeepAlive);
    this.expected = head.contentLength;
    this.isTunnel = head.status === 101;
    this.trailers = undefined;
    if (this.isTunnel) return body.untilClose();
    frameResponse(body, head, this.terms.isHead);
    if (this.terms.trailers) body.keepTrailers();
    if (this.terms.isHead || head.status === 204 || head.status === 304) dropFraming(head, head.status === 204);
    else if (body.isChunked && this.terms.dechunk) dropFraming(head, false);
  }

  private readBody(b: Buffer, i: number, end: number, head: Head | undefined): void {
    const { body } = this;
    if (this.terms.dechunk && body.isChunked) return this.readPlain(b, i, end, head);
    const next = body.take(b, i, end);
    if (next < 0) return this.fail({ fault: 'upstream-malformed', malformed: 'chunk' });
    const user = this.user!;
    const { passEnd, done } = body;
    const isFollowed = this.isFollowed; // Else whoever is behind now came when this answer was through.
    if (done) {
      this.trailers = body.trailers;
      this.complete(next < end);
    } else this.host.wheel.set(this, this.idleMs);
    if (head) user.onResponse(this, head, b, i, passEnd, done);
    else if (passEnd > i || done) user.onBody(this, b, i, passEnd, done);
    if (!done) this.chooseBuffer();
    else if (isFollowed) this.answerNext(b, next, end);
  }

  /** Content without framing, run by run; the end comes as an empty last piece. */
  private readPlain(b: Buffer, i: number, end: number, head: Head | undefined): void {
    const { body } = this;
    const user = this.user!;
    const runs: number[] = [];
    const next = body.take(b, i, end, (from, to) => runs.push(from, to));
    if (next < 0) return this.fail({ fault: 'upstream-malformed', malformed: 'chunk' });
    if (body.done) this.complete(next < end);
    else this.host.wheel.set(this, this.idleMs);
    if (head) user.onResponse(this, head, b, i, i, false);
    for (let r = 0; r < runs.length; r += 2) user.onBody(this, b, runs[r]!, runs[r + 1]!, false);
    if (body.done) user.onBody(this, b, i, i, true);
  }

  /** A body with much to come is read into memory that can be passed on without a copy. */
  private chooseBuffer(): void {
    if (this.ownBuffer || this.isTunnel || this.phase !== 'body') return; // There may be thousands that rarely speak.
    if (this.expected >= 0 && this.expected - this.body.contentBytes <= COPY_BYTES_MAX) return;
    this.renewBuffer();
  }

  /** The response is through: back to the pool if everything is clean, before the user is told. */
  private complete(hasMore: boolean): void {
    const { isFollowed } = this;
    this.hadMore = hasMore && !isFollowed && !this.ends;
    this.wasEarly = !this.requestDone;
    const reusable = !this.paused && (isFollowed || !hasMore) && this.keeps && !this.ends && !this.body.isUntilClose;
    this.ownBuffer = undefined;
    this.served++;
    if (reusable && this.wasEarly && this.sendsOn) return this.awaitRest();
    this.user = undefined;
    if (!reusable || this.wasEarly) return this.close();
    if (!isFollowed) this.giveBack();
  }

  /** Requests went out behind the present one. */
  private get isFollowed(): boolean {
    return this.pipeline !== undefined && this.pipeline.length > 0;
  }

  private queue(user: UpstreamUser, terms: RequestTerms): void {
    const { wheel, heads, clock, observes } = this.host;
    this.pipeline ??= new Pipeline(wheel, heads, () => this.shed());
    this.pipeline.add({ user, terms, beganAt: observes ? clock.monotonic() : 0 });
  }

  /** The answer to the request behind begins in `b[i, end)`, or has not come yet. */
  private answerNext(b: Buffer, i: number, end: number): void {
    if (this.phase === 'closed') return;
    const behind = this.pipeline!.shift();
    if (!behind || this.pipeline!.isForNobody(behind.user)) return this.close(); // They were sent again meanwhile, or left.
    const { user, terms, beganAt } = behind;
    this.user = user;
    this.terms = terms;
    this.beganAt = beganAt;
    this.phase = 'head';
    this.reused = true;
    this.gotByte = false;
    this.interims = 0;
    this.host.wheel.set(this, terms.firstByteMs);
    if (i < end) this.read(b, i, end);
  }

  /** Whoever waits behind the present answer is sent again, elsewhere; the connection ends with this answer. */
  private shed(): void {
    this.ends = true;
    const refused = this.unsent !== undefined;
    const users = this.pipeline!.takeAll().map(({ user }) => user);
    this.closeForNobody();
    // Later, since somebody's bytes are being read; to them it is a connection that was used before and said nothing.
    queueMicrotask(() => {
      const { reused, gotByte } = this;
      this.reused = true;
      this.gotByte = false;
      for (const user of users) user.onFailure(this, { fault: 'upstream-closed', refused });
      this.reused = reused;
      this.gotByte = gotByte;
    });
  }

  /** Nothing is read on that nobody waits for. */
  private closeForNobody(): void {
    if (!this.pipeline?.isForNobody(this.user)) return;
    this.user = undefined;
    this.close();
  }

  private giveBack(): void {
    this.user = undefined;
    this.host.wheel.clear(this);
    this.host.onReusable(this);
  }

  /** The answer is through; who reads slowly may be waited for as long as before it. */
  private awaitRest(): void {
    this.phase = 'rest';
    if (this.socket.writableNeedDrain) this.host.wheel.set(this, this.idleMs);
    else this.host.wheel.clear(this);
  }

  /** The target takes no more of a request it has answered: nothing failed. */
  private loseRest(): void {
    const { user } = this;
    this.user = undefined;
    this.close();
    user?.onFailure(this, { fault: 'upstream-closed' });
  }

  protected onEnd(): void {
    if (this.phase === 'body' && this.user && this.body.isUntilClose && this.body.ended()) {
      const user = this.user;
      this.hadMore = false;
      this.wasEarly = !this.requestDone;
      this.user = undefined;
      this.close();
      return user.onBody(this, NOTHING, 0, 0, true);
    }
    if (this.phase === 'rest') this.loseRest();
    else if (this.unsent) this.failUnsent();
    else if (this.user) this.fail(this.closedByTarget());
    else this.close();
  }

  /** A target of TLS 1.3 that refuses our certificate says so when the request may have left: no failure to connect. */
  private closedByTarget(): UpstreamFailure {
    const isRefused = this.isTls && !this.reused && !this.gotByte && isOurCertificateRefused(this.error);
    return isRefused ? { fault: 'upstream-closed', tls: 'client-certificate' } : { fault: 'upstream-closed' };
  }

  /** The connection is of no use before the request left: the target did nothing. */
  private failUnsent(): void {
    this.fail({ fault: 'upstream-closed', refused: true });
  }

  protected onClose(): void {
    if (this.phase === 'closed') return;
    if (this.phase === 'rest') return this.loseRest();
    if (this.phase === 'connecting') {
      this.host.onConnectFailed(this);
      const tls = this.isTls ? tlsReason(this.error) : '';
      return this.fail(tls === '' ? { fault: 'upstream-unreachable' } : { fault: 'upstream-tls', tls });
    }
    if (this.unsent) return this.failUnsent();
    if (this.error?.code === FLOODED) return this.fail({ fault: 'upstream-malformed', malformed: 'flood' });
    this.fail(this.error?.code === REFUSED ? { fault: 'upstream-closed', refused: true } : this.closedByTarget());
  }

  private fail(failure: UpstreamFailure): void {
    const { user } = this;
    // What rested may have been closed meanwhile: that is no failure of the target.
    const isStale = failure.fault === 'upstream-closed' && this.reused && !this.gotByte;
    if (user && !isStale) {
      this.target.stats.failed(this.host.wheel.now, failure.tls ? `${failure.fault}-${failure.tls}` : failure.fault);
      this.host.onFailed(this, failure);
    }
    this.user = undefined;
    this.close();
    user?.onFailure(this, failure);
  }

  private close(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    if (this.pipeline?.length) this.shed();
    this.dropUnsent();
    this.host.wheel.drop(this);
    this.gather = undefined;
    if (this.head) this.host.heads.give(this.head);
    this.head = undefined;
    this.socket.destroy();
    this.host.onClosed(this);
  }
}
