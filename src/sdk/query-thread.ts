/**
 * The seam between the gateway's threads and the one query thread of its process (DESIGN D20). The
 * dataapi plane implements the thread's entry and `CreateRunner`; the gateway role starts the thread,
 * feeds it, and gives each gateway thread a port to it. What crosses those ports is the dataapi plane's own.
 *
 *   role ── ToQueryThread ──▶ query thread ── FromQueryThread ──▶ role
 *   gateway thread: createRunner(port) ◀══ MessagePort ══▶ query thread ('client')
 */
import type { MessagePort } from 'node:worker_threads';
import type { DataApiRunner } from './dataapi.ts';
import type { MetricsJson } from './channel.ts';
import type { RevisionDelta } from './revision.ts';

export type ToQueryThread =
  /**
   * `connection` entries only; each delta continues the one before, the first (also after a restart) is from 0.
   * Its hash is of the whole revision and nothing to compare with.
   */
  | { readonly type: 'revision'; readonly delta: RevisionDelta }
  /** A gateway thread wants to run data APIs over this port (transferred). It closes when either side goes. */
  | { readonly type: 'client'; readonly port: MessagePort }
  | { readonly type: 'collect'; readonly id: number }
  /** Finish what runs, at most `graceMs`, close connections, answer `stopped`. */
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromQueryThread =
  | { readonly type: 'ready' }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: MetricsJson }
  | { readonly type: 'stopped' };

/**
 * Makes a runner over a port to the query thread. When the port closes (the thread died), what waits and
 * what comes later rejects with a Problem of status 503.
 */
export type CreateRunner = (port: MessagePort) => DataApiRunner;
