/** What the gateway's main thread and its socket threads say to each other; orders arrive in the order sent. */
import type { MessagePort } from 'node:worker_threads';
import type { CallBatch } from '../sdk/call-batch.ts';
import type { ThreadState } from '../sdk/channel.ts';
import type { ListenerState } from '../sdk/listener.ts';
import type { UpstreamHealth } from '../sdk/target-health.ts';
import type { UpstreamFacts } from '../sdk/upstream.ts';
import type { DefaultListener, EngineLimits } from './contract.ts';
import type { DeltaOrder } from './revision-change.ts';
import type { MetricsSnapshot } from './route-stats.ts';

/** `workerData` of a gateway thread. */
export interface GatewayThreadData {
  readonly kind: 'weir-gateway-thread';
  readonly thread: number;
  readonly limits: EngineLimits;
  /** Connections of all threads: see http/admission.ts. */
  readonly admission: Int32Array<SharedArrayBuffer>;
  readonly drainMs: number;
  readonly callsBuffered: number;
  /** Counts the thread's call records: see call-ring.ts. */
  readonly callsMade: Int32Array<SharedArrayBuffer>;
  /** The node's rate-limit table, and the machine's monotonic milliseconds when it was made. */
  readonly counters: SharedArrayBuffer;
  readonly countersSinceMs: number;
}

/** Why a thread wants everything: its hash is another than control’s, a delta did not continue what it has, too many waited. */
export type Divergence = 'hash' | 'order' | 'overflow';

export type ToThread =
  | ({ readonly type: 'revision' } & DeltaOrder)
  | ({ readonly type: 'listen'; readonly reusePort: boolean } & DefaultListener)
  /** The key of TLS session tickets from now on; the same for all threads. */
  | { readonly type: 'ticket-key'; readonly key: Uint8Array }
  /** A port to the query thread (transferred); replaces the one before. */
  | { readonly type: 'query-port'; readonly port: MessagePort }
  /** What the process found out about upstreams. */
  | { readonly type: 'facts'; readonly facts: readonly UpstreamFacts[] }
  | { readonly type: 'collect'; readonly id: number }
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromThread =
  | { readonly type: 'applied'; readonly state: ThreadState }
  /** What the thread holds cannot be brought forward, or is not what it should be: send everything. */
  | { readonly type: 'resync'; readonly reason: Divergence; readonly revision: number; readonly hash: string }
  | { readonly type: 'listening'; readonly port: number }
  /** Where the thread's listeners stand has changed. */
  | { readonly type: 'listeners'; readonly listeners: readonly ListenerState[] }
  | { readonly type: 'listen-failed'; readonly reason: string }
  | { readonly type: 'calls'; readonly batch: CallBatch }
  /** At most once a second: upstreams of whose targets something is new. */
  | { readonly type: 'targets'; readonly upstreams: readonly UpstreamHealth[] }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: MetricsSnapshot }
  | { readonly type: 'stopped' };
