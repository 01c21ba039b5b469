/** What happened to an upstream on one thread, counted: every limit that bites, every repeat, every ejection. */

/** The events in their order; names are labels of `weir_gateway_upstream_events_total`. */
export const UPSTREAM_EVENTS = [
  'connects',
  'connect-failures',
  'connections-full',
  'pending-full',
  'pending-late',
  'connect-late',
  'answer-late',
  'recycled',
  'repeats',
  'repeats-refused',
  'bodies-too-large',
  'ejections',
  'ejections-refused',
  'panics',
  'unhealthy',
  'answered-twice',
  'answered-early',
  'gave-way',
  'floods',
  'pipelined',
  'resent',
  'bodies-full',
] as const;
export type UpstreamEvent = (typeof UPSTREAM_EVENTS)[number];

const PLACES = Object.fromEntries(UPSTREAM_EVENTS.map((name, at) => [name, at])) as Readonly<Record<UpstreamEvent, number>>;

/** Counts and states of one upstream, as they leave the thread. */
export interface UpstreamCountRow {
  /** `project/name`. */
  readonly key: string;
  /** One number per event. */
  readonly events: readonly number[];
  /** Targets by state, in the order of `TARGET_STATES`; the same on each thread up to ejections, which are its own. */
  readonly states: readonly number[];
}

/** A row of counts; adding to it is a store. */
export class UpstreamCounts {
  readonly row = new Float64Array(UPSTREAM_EVENTS.length);

  add(event: UpstreamEvent): void {
    this.row[PLACES[event]]!++;
  }
}
