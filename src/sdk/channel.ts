/**
 * The one contract between roles: typed messages over a local socket (or, for threads, a port).
 * Control serves; gateways and workers connect, say hello, receive revision deltas and answer.
 */
import type { Text } from '../base/text.ts';
import type { PackedCalls } from './call-batch.ts';
import type { ListenerState } from './listener.ts';
import type { RevisionDelta } from './revision.ts';
import type { UpstreamHealth } from './target-health.ts';

/** Metrics of one process in prom-client's JSON form. */
export type MetricsJson = readonly Record<string, unknown>[];

/** Where one gateway thread stands. */
export interface ThreadState {
  readonly thread: number;
  readonly revision: number;
  readonly hash: string;
  /** Entries that could not be instantiated; the last good one keeps serving. */
  readonly failed: readonly { readonly key: string; readonly reason: Text }[];
  /** Of gateway threads. */
  readonly listeners?: readonly ListenerState[];
}

export type ToControl =
  | {
      readonly type: 'hello';
      readonly role: 'gateway' | 'worker';
      readonly instance: string;
      readonly pid: number;
      readonly revision: number /** Hash of that revision; without it everything is sent. */;
      readonly hash?: string;
    }
  | { readonly type: 'applied'; readonly threads: readonly ThreadState[] }
  | {
      readonly type: 'calls';
      /** None with a message that only tells numbers. */
      readonly calls: Omit<PackedCalls, 'bytes'>;
      readonly bytes: PackedCalls['bytes'];
      /** Dropped for want of room since the last message. */
      readonly dropped: number;
      /** Gone with threads that died since the last message. */
      readonly killed: number;
      /** Still in the process's memory after this message: what a kill would take. */
      readonly waiting: number;
    }
  | {
      readonly type: 'targets';
      readonly thread: number;
      /** True when all that was said of this thread before is to be forgotten. */
      readonly fresh: boolean;
      /** Upstreams of whose targets something is new; each replaces what was said of it. */
      readonly upstreams: readonly UpstreamHealth[];
    }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: MetricsJson }
  | { readonly type: 'run-finished'; readonly project: string; readonly pipeline: string; readonly run: string; readonly result: string };

export type FromControl =
  | { readonly type: 'revision'; readonly delta: RevisionDelta }
  | { readonly type: 'collect'; readonly id: number }
  | { readonly type: 'runs-waiting' }
  /** Asks a gateway for all it knows of its targets; what changes later comes by itself. */
  | { readonly type: 'targets-wanted' };

/**
 * A two-way line. Messages arrive in order, whole, at most once; `close` fires once. They are JSON, but for a list of byte
 * arrays a message may have as its `bytes`: these travel as they are, and must not change once sent.
 */
export interface Channel<In, Out> {
  /** False when the line is full or closed; the message was then not sent. */
  send(message: Out): boolean;
  onMessage(handler: (message: In) => void): void;
  onClose(handler: () => void): void;
  close(): void;
}
export type ControlChannel = Channel<FromControl, ToControl>;
