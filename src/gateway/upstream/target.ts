/** One target of an upstream on one thread: where it is, its connections that rest, and what is known of it. */
import { isIPv6 } from 'node:net';
import { hostLines } from '../http/messages.ts';
import type { UpstreamConnection } from './connection.ts';
import { TargetStats } from './target-stats.ts';
import type { ConnectionTarget } from './terms.ts';

/** A target as its pool holds it. */
export interface Target extends ConnectionTarget {
  index: number;
  readonly host: string;
  readonly port: number;
  weight: number;
  credit: number;
  downUntil: number;
  nextAddress: number;
  readonly idle: UpstreamConnection[];
}

/** Makes a target that nobody has called yet. */
export function newTarget({ host, port, weight, index }: Pick<Target, 'host' | 'port' | 'weight' | 'index'>): Target {
  return {
    id: `${host}:${port}`,
    index,
    host,
    port,
    hostLines: hostLines(authorityOf(host, port)),
    weight,
    credit: 0,
    downUntil: 0,
    nextAddress: 0,
    idle: [],
    stats: new TargetStats(),
  };
}

/** `host:port` as a `host` field wants it; port 80 is left out. */
function authorityOf(host: string, port: number): string {
  const name = isIPv6(host) ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}
