/**
 * The seam between the gateway's threads and the one query thread of its process (DESIGN D20). The
 * dataapi plane implements the thread's entry and `CreateRunner`; the gateway role starts the thread,
 * feeds it, brings it back when it dies, and gives each gateway thread a port to it. What crosses those
 * ports is the dataapi plane's own.
 *
 *   role ── ToQueryThread ──▶ query thread
 *   gateway thread: createRunner(port) ◀══ MessagePort ══▶ query thread
 */
import type { MessagePort } from 'node:worker_threads';
import type { DataApiRunner } from './dataapi.ts';
import type { Entry, EntryType } from './revision.ts';

/** Types of entries the query thread is told of. */
export const QUERY_ENTRIES: readonly EntryType[] = ['connection', 'dataapi'];

export type ToQueryThread =
  /** Changed and removed entries since the last message; a new thread is first sent all there are. */
  | { readonly type: 'entries'; readonly put: readonly Entry<'connection' | 'dataapi'>[]; readonly remove: readonly string[] }
  /** Ports of listeners, all there are: no connection may go there. Sent before the entries of the same revision. */
  | { readonly type: 'listener-ports'; readonly ports: readonly number[] }
  /** A gateway thread wants to run data APIs over this port (transferred). It closes when either side goes. */
  | { readonly type: 'port'; readonly port: MessagePort }
  /** Close connections and end the thread. */
  | { readonly type: 'close' };

/** A runner over a port to the query thread, which may be replaced when that thread was started anew. */
export interface PortRunner extends DataApiRunner {
  /** Uses `port` from now on; calls under way on the old one reject with a Problem of status 503. */
  attach(port: MessagePort): void;
}

/** Makes the runner of one gateway thread. */
export type CreateRunner = (port: MessagePort) => PortRunner;
