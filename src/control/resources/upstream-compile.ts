/** What an Upstream says, checked beyond its schema, and as the gateway gets it. */
import { X509Certificate } from 'node:crypto';
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';
import { keyFault } from '../../sdk/certificate.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import {
  BODIES_BYTES_MAX,
  type CompiledBalance,
  type CompiledHttp2,
  type CompiledOutliers,
  type CompiledRetries,
  type CompiledTarget,
  type CompiledUpstream,
  type RetryCondition,
} from '../../sdk/upstream.ts';
import { wholeVariable } from '../documents/variables.ts';
import { isHidden } from './kinds/certificate.ts';
import { namedConfigs } from './parts.ts';

type WrittenTarget = { url: string; weight: number } | { host: string; port: number; weight: number };

export type UpstreamProtocol = 'http' | 'https' | 'h2' | 'h2c';

/** The spec as code uses it. */
export interface UpstreamSpec {
  protocol?: UpstreamProtocol;
  targets: WrittenTarget[];
  discovery?: Readonly<Record<string, unknown>>;
  balance?: CompiledBalance;
  health?: {
    path: string;
    method: string;
    host?: string;
    statuses: string[];
    interval: number;
    timeout: number;
    healthyAfter: number;
    unhealthyAfter: number;
  };
  outliers?: Pick<CompiledOutliers, 'errors' | 'gatewayErrors' | 'localErrors'> & {
    ejection: number;
    ejectionMax: number;
    ejectedMax: number;
  };
  panicBelow?: number;
  slowStart?: number;
  retries?: {
    attempts: number;
    conditions: RetryCondition[];
    statuses: number[];
    allMethods: boolean;
    perTry?: number;
    deadline: number;
    bodyMax: number;
    bodiesMax: number;
    backoff: number;
    backoffMax: number;
    budget: { percent: number; least: number; window: number };
  };
  tls?: { serverName?: string; ca?: string; certificate?: string; key?: string; minVersion: '1.2' | '1.3'; verify: boolean };
  http2?: { connections: number; streams: number; window: number; ping: number };
  connectionsMax: number;
  pendingMax?: number;
  requestsPerConnection?: number;
  pipelining?: number;
  requestTrailers?: 'drop' | 'pass';
  idle: number;
}

const NO_TARGET = {
  en: 'must hold a target, unless "discovery" says how to find them',
  zh: '至少需要一个目标，除非用“discovery”说明如何发现目标',
};
const NO_ADDRESS = {
  en: 'must be http://host:port or https://host:port; got {got}',
  zh: '必须是 http://主机:端口 或 https://主机:端口；当前为 {got}',
};
const NO_USER = { en: 'must not hold a user name or password', zh: '不能含用户名或密码' };
const NO_PATH = {
  en: 'must not hold a path or query: use "rewrite" of the route to change paths',
  zh: '不能含路径或查询：请用路由的“rewrite”更改路径',
};
const MIXED = {
  en: 'says {scheme}, but this upstream speaks {protocol}: all targets of an upstream speak the same',
  zh: '使用 {scheme}，而该上游使用 {protocol}：同一上游的所有目标须使用相同协议',
};
const NO_TLS = { en: 'is only for the protocols https and h2', zh: '仅用于 https 与 h2 协议' };
const NO_HTTP2 = { en: 'is only for the protocols h2 and h2c', zh: '仅用于 h2 与 h2c 协议' };
const NO_PIPELINING = {
  en: 'is only for the protocols http and https: HTTP/2 has streams',
  zh: '仅用于 http 与 https 协议：HTTP/2 自有流机制',
};
/** Schemes of target URLs by protocol. */
const SCHEMES: Readonly<Record<UpstreamProtocol, string>> = { http: 'http', https: 'https', h2: 'https', h2c: 'http' };
const BOTH = { en: 'needs {other} too: write both or neither', zh: '还需要 {other}：两者须同时填写或都不填' };
const NO_PEM = {
  en: 'holds no readable certificate (PEM, beginning with -----BEGIN CERTIFICATE-----)',
  zh: '不含可读取的证书（PEM，以 -----BEGIN CERTIFICATE----- 开头）',
};
const ORDER = { en: 'must not end before it begins; got {got}', zh: '区间的终点不能小于起点；当前为 {got}' };

/** Mistakes the schema cannot see; pointers begin with `/spec`. A key in a Secret is looked at when it is put in place. */
export function checkUpstream(spec: UpstreamSpec, written: Readonly<Record<string, unknown>>): ProblemPointer[] {
  const protocol = protocolOf(spec);
  const found = spec.targets.flatMap((target, index) =>
    'url' in target ? checkUrl(target.url, protocol, `/spec/targets/${index}/url`) : [],
  );
  if (spec.targets.length === 0 && spec.discovery === undefined) found.push(mistake('/spec/targets', NO_TARGET));
  if (spec.tls && SCHEMES[protocol] !== 'https') found.push(mistake('/spec/tls', NO_TLS));
  if (spec.http2 && !isHttp2(protocol)) found.push(mistake('/spec/http2', NO_HTTP2));
  if ((spec.pipelining ?? 1) > 1 && isHttp2(protocol)) found.push(mistake('/spec/pipelining', NO_PIPELINING));
  const { ca, certificate, key } = spec.tls ?? {};
  if (certificate !== undefined && key === undefined) found.push(mistake('/spec/tls/certificate', BOTH, { other: 'key' }));
  if (key !== undefined && certificate === undefined) found.push(mistake('/spec/tls/key', BOTH, { other: 'certificate' }));
  for (const [name, pem] of Object.entries({ ca, certificate }))
    if (pem !== undefined && !holdsCertificates(pem)) found.push(mistake(`/spec/tls/${name}`, NO_PEM));
  const { key: keyWritten } = (written['tls'] ?? {}) as { readonly key?: unknown };
  const fault = wholeVariable(String(keyWritten ?? '')) ? undefined : ownKeyFault(spec);
  if (fault) found.push(mistake('/spec/tls/key', fault));
  for (const [index, text] of (spec.health?.statuses ?? []).entries()) {
    const [from, to] = rangeOf(text);
    if (from > to) found.push(mistake(`/spec/health/statuses/${index}`, ORDER, { got: text }));
  }
  return found;
}

/** What is wrong with the key of our own certificate; undefined when it fits, or cannot be seen. */
export function ownKeyFault({ tls }: UpstreamSpec): Text | undefined {
  const { certificate, key } = tls ?? {};
  if (certificate === undefined || key === undefined || isHidden(key) || !holdsCertificates(certificate)) return undefined;
  return keyFault(key, certificate);
}

/** The entry of an upstream. What is not said is left out, so that documents keep their entries when fields are added here. */
export function compileUpstream(key: ResourceKey, spec: UpstreamSpec, written: Readonly<Record<string, unknown>>): CompiledUpstream {
  const { health, outliers, retries, pendingMax, requestsPerConnection, pipelining = 1, panicBelow, slowStart } = spec;
  const protocol = protocolOf(spec);
  const watches = health !== undefined || outliers !== undefined;
  return {
    project: key.project,
    name: key.name,
    targets: spec.targets.map(targetOf),
    connectionsMax: spec.connectionsMax,
    idleMs: spec.idle,
    ...(pendingMax === undefined || written['pendingMax'] === undefined ? {} : { pendingMax }),
    ...(requestsPerConnection === undefined ? {} : { requestsPerConnectionMax: requestsPerConnection }),
    ...(pipelining > 1 ? { pipelining } : {}),
    ...(spec.balance ? { balance: spec.balance } : {}),
    ...(health ? { health: compileHealth(health, protocol) } : {}),
    ...(outliers ? { outliers: compileOutliers(outliers) } : {}),
    ...(watches ? { panicPercent: panicBelow ?? 50 } : {}),
    ...(slowStart === undefined ? {} : { slowStartMs: slowStart }),
    ...(retries ? { retries: compileRetries(retries) } : {}),
    ...(SCHEMES[protocol] === 'https' ? { tls: compileTls(spec.tls) } : {}),
    ...(isHttp2(protocol) ? { http2: compileHttp2(spec.http2) } : {}),
    ...(spec.requestTrailers === 'pass' ? { requestTrailers: true } : {}),
    ...(written['discovery'] === undefined ? {} : { discovery: namedConfigs([written['discovery']])[0]! }),
  };
}

function compileHealth(health: NonNullable<UpstreamSpec['health']>, protocol: UpstreamProtocol): NonNullable<CompiledUpstream['health']> {
  const { path, method, host, statuses, interval, timeout, healthyAfter, unhealthyAfter } = health;
  const times = { everyMs: interval, timeoutMs: timeout, healthyAfter, unhealthyAfter };
  return { path, method, host, statuses: statuses.map(rangeOf), ...times, ...(isHttp2(protocol) ? { http2: true } : {}) };
}

function compileOutliers(outliers: NonNullable<UpstreamSpec['outliers']>): CompiledOutliers {
  const { errors, gatewayErrors, localErrors, ejection, ejectionMax, ejectedMax } = outliers;
  return {
    errors,
    gatewayErrors,
    localErrors,
    ejectMs: ejection,
    ejectMaxMs: Math.max(ejection, ejectionMax),
    ejectedPercentMax: ejectedMax,
  };
}

function compileRetries(retries: NonNullable<UpstreamSpec['retries']>): CompiledRetries {
  const { attempts, conditions, statuses, allMethods, perTry, deadline, bodyMax, bodiesMax, backoff, backoffMax, budget } = retries;
  return {
    attempts,
    conditions,
    statuses,
    allMethods,
    perTryMs: perTry,
    deadlineMs: deadline,
    bodyBytesMax: bodyMax,
    ...(bodiesMax === BODIES_BYTES_MAX ? {} : { bodiesBytesMax: bodiesMax }),
    backoffMs: backoff,
    backoffMaxMs: Math.max(backoff, backoffMax),
    budget: { percent: budget.percent, least: budget.least, windowMs: budget.window },
  };
}

function compileTls(tls: UpstreamSpec['tls']): NonNullable<CompiledUpstream['tls']> {
  return {
    serverName: tls?.serverName,
    ca: tls?.ca,
    certificate: tls?.certificate,
    key: tls?.key,
    minVersion: tls?.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    verify: tls?.verify ?? true,
  };
}

function compileHttp2(http2: UpstreamSpec['http2']): CompiledHttp2 {
  const { connections = 2, streams = 100, window = 1_048_576, ping = 30_000 } = http2 ?? {};
  return { connectionsMax: connections, streamsMax: streams, windowBytes: window, pingMs: ping };
}

function isHttp2(protocol: UpstreamProtocol): boolean {
  return protocol === 'h2' || protocol === 'h2c';
}

function protocolOf({ protocol, targets }: Pick<UpstreamSpec, 'protocol' | 'targets'>): UpstreamProtocol {
  if (protocol) return protocol;
  const first = targets.find((target) => 'url' in target);
  return first && 'url' in first && /^https:/i.test(first.url) ? 'https' : 'http';
}

function checkUrl(text: string, protocol: UpstreamProtocol, pointer: string): ProblemPointer[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1);
  if (!url || (scheme !== 'http' && scheme !== 'https') || url.hostname === '')
    return [mistake(pointer, NO_ADDRESS, { got: JSON.stringify(text.replace(/\/\/[^/]*@/, '//…@').slice(0, 60)) })];
  if (url.username || url.password) return [mistake(pointer, NO_USER)];
  if (url.pathname !== '/' || url.search || url.hash) return [mistake(pointer, NO_PATH)];
  return scheme === SCHEMES[protocol] ? [] : [mistake(pointer, MIXED, { scheme, protocol })];
}

function targetOf(target: WrittenTarget): CompiledTarget {
  if (!('url' in target)) return target;
  const url = new URL(target.url);
  const standard = url.protocol === 'https:' ? 443 : 80;
  const port = url.port === '' ? standard : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, weight: target.weight };
}

function rangeOf(text: string): [number, number] {
  const [from, to = from] = text.split('-').map(Number) as [number, number?];
  return [from, to];
}

/** True when every certificate in a PEM text can be read, and there is one. A variable is read where it is filled in. */
function holdsCertificates(pem: string): boolean {
  const parts = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return parts.length > 0 && parts.every((part) => new X509Certificate(part).serialNumber !== '');
  } catch {
    return false;
  }
}
