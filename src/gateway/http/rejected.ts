/** What can be told of a request that was refused before it was an exchange: for its call record. In: as much of a head as was read. */
import { CALL_PROTOCOLS } from '../../sdk/call-record.ts';
import type { RejectedRequest } from '../contract.ts';
import type { Entrance } from './entrance.ts';
import type { Head } from './head.ts';

const HTTP_1_0 = CALL_PROTOCOLS.indexOf('http/1.0');
const HTTP_1_1 = CALL_PROTOCOLS.indexOf('http/1.1');
const HTTP_2 = CALL_PROTOCOLS.indexOf('h2');
/** How it is told besides what stands in its head. */
export type Refusal = Omit<RejectedRequest, 'method' | 'path' | 'protocol' | 'requestBytes'>;

/** Tells of a request whose head was read in part. */
export function rejectedRequest({ protocol }: Pick<Entrance, 'protocol'>, head: Head | undefined, refusal: Refusal): RejectedRequest {
  const { method, path, minor, requestBytes } = head ? startOf(head) : NOTHING;
  return { ...refusal, method, path, requestBytes, protocol: protocol === 'h2' ? HTTP_2 : minor === 0 ? HTTP_1_0 : HTTP_1_1 };
}

/** A stream of HTTP/2 whose request was refused before anybody here saw it. */
export function unseenRequest(id: string, startedAt: number): RejectedRequest {
  return { id, method: '', path: '', protocol: HTTP_2, startedAt, durationMs: 0, requestBytes: 0, responseBytes: 0 };
}

const NOTHING = Object.freeze({ method: '', path: '', minor: 1, requestBytes: 0 });

/** The path only when the whole target was read: a part of one would be another path. Never the query. */
function startOf(head: Head) {
  const { buffer, start, methodEnd, targetEnd, pathStart, pathEnd, lineEnd } = head;
  return {
    method: methodEnd > start ? buffer.toString('latin1', start, methodEnd) : '',
    path: targetEnd > 0 ? buffer.toString('latin1', pathStart, pathEnd) || '/' : '',
    minor: lineEnd > 0 ? head.minor : 1,
    requestBytes: Math.max(0, head.at - start),
  };
}
