/** The call that ended just now, as its record: one object per thread, set anew for each, so that none is made on the way. */
import type { NewId } from '../base/id.ts';
import type { Clock } from '../base/clock.ts';
import type { CallTexts, RingRecord } from './call-ring.ts';
import type { GatewayExchange, Outcome, RejectedRequest, Rejection, Trip } from './contract.ts';
import type { LiveRoute } from './instances.ts';
import type { Steps } from './story.ts';

/** What the core kept of the exchange. */
interface Kept {
  readonly route: LiveRoute;
  readonly steps: Steps;
}

/** So long the difference between the clocks is taken for the same: the wall clock is set rarely, and then by little. */
const OFFSET_MS = 50;

export class EndedCall implements RingRecord {
  texts!: CallTexts;
  idMark = '';
  time = 0.5; // A fraction: the engine keeps such fields as numbers in place.
  project = '';
  consumer = '';
  clientAddress = '';
  route = '';
  method = '';
  release = '';
  status = 0;
  reason = '';
  durationMs = 0.5;
  upstreamMs = 0.5;
  requestBytes = 0;
  responseBytes = 0;
  headMs = 0.5;
  tries = 0;
  targetIndex = -1;
  target = '';
  reused = 0;
  waitMs = 0.5;
  connectMs = 0.5;
  protocol = 1;
  steps: Steps | undefined = undefined;
  private offset = 0.5;
  private offsetUntil = -1.5;

  /** Describes `exchange`, which ended with `outcome`; `kept` is undefined when no route matched. */
  set(exchange: GatewayExchange, outcome: Outcome, kept: Kept | undefined, tools: { readonly clock: Clock; readonly newId: NewId }): void {
    this.texts = exchange;
    this.idMark = exchange.hasCallersId ? tools.newId() : '';
    this.time = exchange.startedAt + this.wallOffset(exchange.startedAt + outcome.durationMs, tools.clock);
    const spec = kept ? kept.route.spec : NO_ROUTE;
    this.project = spec.project;
    this.route = spec.name;
    this.release = spec.release;
    this.consumer = exchange.consumer ? exchange.consumer.name : '';
    this.clientAddress = exchange.clientAddress;
    this.method = exchange.method;
    this.status = outcome.status;
    this.reason = outcome.reason;
    this.durationMs = outcome.durationMs;
    this.upstreamMs = outcome.upstreamMs;
    this.requestBytes = outcome.requestBytes;
    this.responseBytes = outcome.responseBytes;
    this.headMs = outcome.headMs;
    this.protocol = outcome.protocol;
    this.setTrip(outcome.trip ?? NO_TRIP);
    this.steps = kept ? kept.steps : undefined;
  }

  /** Describes a request that no exchange was made of; the answer is this. */
  setRejected({ clientAddress, status, reason }: Rejection, request: RejectedRequest, clock: Clock): this {
    const { id, method, path, protocol, startedAt, durationMs, requestBytes, responseBytes } = request;
    this.texts = { path, writeId: (out) => out.text(id), writeTraceId: () => {} };
    this.time = startedAt + this.wallOffset(startedAt + durationMs, clock);
    this.idMark = this.project = this.route = this.release = this.consumer = '';
    this.upstreamMs = this.headMs = 0;
    this.setTrip(NO_TRIP);
    this.steps = undefined;
    return Object.assign(this, { clientAddress, status, reason, method, protocol, durationMs, requestBytes, responseBytes });
  }

  /** What to add to a monotonic time for the wall clock's, read anew for each short while: `nowMs` is monotonic. */
  private wallOffset(nowMs: number, clock: Clock): number {
    if (nowMs < this.offsetUntil - OFFSET_MS || nowMs >= this.offsetUntil) {
      this.offset = clock.now() - nowMs;
      this.offsetUntil = nowMs + OFFSET_MS;
    }
    return this.offset;
  }

  private setTrip(trip: Trip): void {
    this.tries = trip.tries;
    this.targetIndex = trip.targetIndex;
    this.target = trip.retried === '' ? trip.targetId : `${trip.targetId} ${trip.retried}`;
    this.reused = trip.reused ? 1 : 0;
    this.waitMs = trip.waitMs;
    this.connectMs = trip.connectMs;
  }
}

const NO_ROUTE = Object.freeze({ project: '', name: '', release: '' });
const NO_TRIP: Trip = Object.freeze({ tries: 0, targetIndex: -1, targetId: '', retried: '', reused: false, waitMs: 0, connectMs: 0 });
