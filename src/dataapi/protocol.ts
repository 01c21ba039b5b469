/**
 * Messages between gateway threads, the query thread and engine threads. SQL travels once per shape and
 * port, out of the compiled release; a request sends a number, and values that are only bound.
 */
import { type Text } from '../base/text.ts';
import type { BoundValue, QueryFailureReason, QueryLimits, QueryShape } from '../sdk/query.ts';
import type { CompiledConnection, Entry } from '../sdk/revision.ts';

/** A shape as the query side keeps it. `connection` is `project/name`. */
export interface ShapeInfo {
  readonly connection: string;
  readonly dialect: string;
  readonly shape: QueryShape;
  readonly sortColumns: readonly string[];
  readonly limits: QueryLimits;
}

/** From a gateway thread (or the query thread to an engine thread). `call` numbers are the sender's. */
export type QueryRequestMessage =
  | { readonly type: 'shape'; readonly id: number; readonly info: ShapeInfo }
  | { readonly type: 'forget'; readonly id: number }
  | {
      readonly type: 'run';
      readonly call: number;
      readonly shape: number;
      readonly values: readonly BoundValue[];
      readonly pageRows: number;
    }
  | { readonly type: 'cancel'; readonly call: number };

/** `busy`: no slot in time; otherwise what the engine raised. */
export type FailureReason = QueryFailureReason | 'busy';

/** The answer to `run`: exactly one per call. `json` is transferred. */
export type QueryReplyMessage =
  | {
      readonly type: 'rows';
      readonly call: number;
      readonly json: Uint8Array;
      readonly rows: number;
      readonly more: boolean;
      readonly lastSort: readonly BoundValue[] | null;
    }
  | { readonly type: 'failure'; readonly call: number; readonly reason: FailureReason; readonly detail?: Text };

/** A connection with the hash of its entry: a new hash means a new engine. */
export interface ConnectionUse {
  readonly key: string;
  readonly hash: string;
  readonly value: CompiledConnection;
}

/** From main.ts to the query thread; also used between it and engine threads. */
export type ControlMessage =
  | { readonly type: 'entries'; readonly put: readonly Entry<'connection' | 'dataapi'>[]; readonly remove: readonly string[] }
  | { readonly type: 'listener-ports'; readonly ports: readonly number[] }
  | { readonly type: 'port'; readonly port: import('node:worker_threads').MessagePort }
  | { readonly type: 'close' };

/** From the query thread to one of its engine threads. */
export type EngineThreadMessage =
  | { readonly type: 'connections'; readonly all: readonly ConnectionUse[] }
  | {
      readonly type: 'run';
      readonly call: number;
      readonly info: ShapeInfo;
      readonly values: readonly BoundValue[];
      readonly pageRows: number;
    }
  | { readonly type: 'close' };

/** `project/name` of a connection, as shapes name it. */
export function connectionKey(project: string, name: string): string {
  return `${project}/${name}`;
}

/** The buffers of a reply that move instead of being copied. */
export function transferOf(reply: QueryReplyMessage): ArrayBuffer[] {
  return reply.type === 'rows' ? [reply.json.buffer as ArrayBuffer] : [];
}
