/**
 * What only time and the running processes know of a resource: whether every thread has it yet, whether a listener is
 * open on every thread, and how long a certificate is still good. Laid over the status that compiling gave; asked at
 * each look, so it is never old.
 */
import { joined, type Text, tell, verbatim } from '../base/text.ts';
import { readChain } from '../sdk/certificate.ts';
import type { AddressState } from '../sdk/listener.ts';
import type { FleetStatus } from './api/parts.ts';
import type { Place } from './publish/standings.ts';
import type { LiveResource } from './resources/catalog.ts';
import type { CertificateSpec } from './resources/kinds/certificate.ts';
import type { ResourceStatus } from './resources/types.ts';

export interface LiveStatus {
  /** The status of a resource now, from the one that compiling gave, and who has to hold it. */
  statusOf(live: LiveResource, compiled: ResourceStatus, place: Place): ResourceStatus;
  /** Tells where the gateways stand; until then every listener waits for one. */
  follow(fleet: () => FleetStatus): void;
  /** Where the gateways stand; undefined until somebody can tell. */
  fleet(): FleetStatus | undefined;
}

const DAY_MS = 86_400_000;
const LIST = { en: '; ', zh: '；' };
const RECORDED: Text = { en: 'is being recorded', zh: '正在记录' };
const HANDED: Text = { en: '{role} {instance} does not have it yet', zh: '{role} {instance} 尚未取得' };
const NO_GATEWAY: Text = { en: 'no gateway has opened it yet', zh: '尚无网关打开它' };
const OPENING: Text = { en: 'is being opened', zh: '正在打开' };
const OPEN: Text = { en: 'open on {where}', zh: '已在 {where} 打开' };
const STILL: Text = { en: 'goes on serving on {where}', zh: '仍在 {where} 提供服务' };
const HOSTS: Text = { en: 'for {hosts}', zh: '适用于 {hosts}' };
const UNTIL: Text = { en: 'valid until {date}', zh: '有效期至 {date}' };
const SOON: Text = { en: 'expires on {date}, in {days} days: replace it', zh: '将于 {date} 过期（还剩 {days} 天）：请更换' };
const EXPIRED: Text = { en: 'expired on {date}: clients refuse it, replace it now', zh: '已于 {date} 过期：客户端会拒绝，请立即更换' };

/** Makes it. */
export function createLiveStatus({ now }: { now: () => number }): LiveStatus {
  let fleet: (() => FleetStatus) | undefined;
  return {
    follow: (status) => void (fleet = status),
    fleet: () => fleet?.(),
    statusOf(live, compiled, place) {
      if (compiled.state === 'disabled') return compiled;
      const known = fleet?.();
      const found = findings(live, compiled, known, now());
      return found.state === 'ready' ? heldStatus(found, place, known) : found;
    },
  };
}

function findings(live: LiveResource, compiled: ResourceStatus, fleet: FleetStatus | undefined, now: number): ResourceStatus {
  if (live.key.kind === 'Listener') return listenerStatus(live.key.name, compiled, fleet);
  if (live.key.kind !== 'Certificate' || compiled.state !== 'ready') return compiled;
  return certificateStatus(live.spec as unknown as CertificateSpec, compiled, now);
}

/** Ready is what every thread that should have it has: whoever reads it may call at once, and meets the new one. */
function heldStatus(status: ResourceStatus, { revision, roles, keys }: Place, fleet: FleetStatus | undefined): ResourceStatus {
  if (revision === undefined) return { ...status, state: 'pending', reason: RECORDED };
  for (const { role, instance, threads } of fleet?.nodes ?? []) {
    if (!roles.includes(role)) continue;
    const behind = threads.filter((thread) => thread.revision < revision).length;
    // Who has not said yet where it stands is behind.
    if (behind > 0 || threads.length === 0)
      return { ...status, state: 'pending', reason: tell(HANDED, { role: verbatim(role), instance: verbatim(instance) }) };
    const failure = threads.flatMap((thread) => thread.failed).find(({ key }) => keys.includes(key));
    if (failure) return { ...status, state: 'failed', reason: failure.reason };
  }
  return status;
}

function listenerStatus(name: string, compiled: ResourceStatus, fleet: FleetStatus | undefined): ResourceStatus {
  const told = (fleet?.nodes ?? []).flatMap(({ threads }) =>
    threads.flatMap(({ listeners = [] }) => listeners.filter((listener) => listener.name === name)),
  );
  const addresses = told.flatMap((listener) => listener.addresses);
  const reasons = [...told.map((listener) => listener.reason), ...addresses.map((address) => address.reason)];
  const faults = distinct(reasons.filter((reason) => reason !== undefined));
  const notes = [...placesNote(OPEN, addresses, 'open'), ...placesNote(STILL, addresses, 'replaced')];
  const base = { ...compiled, notes };
  if (compiled.state !== 'ready') return base;
  if (faults.length > 0) return { ...base, state: 'failed', reason: joined(faults, LIST) };
  if (told.length === 0) return { ...base, state: 'pending', reason: NO_GATEWAY };
  return addresses.every((address) => address.state === 'open') ? base : { ...base, state: 'pending', reason: OPENING };
}

function placesNote(text: Text, addresses: readonly AddressState[], state: AddressState['state']): Text[] {
  const places = new Set(addresses.filter((one) => one.state === state).map(placeText));
  return places.size === 0 ? [] : [tell(text, { where: verbatim([...places].join(', ')) })];
}

/** `192.0.2.1:443`, `[::]:443`. */
export function placeText({ address, port }: Pick<AddressState, 'address' | 'port'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function distinct(texts: readonly Text[]): Text[] {
  return [...new Map(texts.map((text) => [text.en, text])).values()];
}

function certificateStatus({ chain, warnBefore }: CertificateSpec, compiled: ResourceStatus, now: number): ResourceStatus {
  const { hosts, notAfter } = readChain(chain);
  const date = verbatim(new Date(notAfter).toISOString().slice(0, 10));
  const base = { ...compiled, notes: [tell(HOSTS, { hosts: verbatim(hosts.join(', ')) }), tell(UNTIL, { date })] };
  if (now > notAfter) return { ...base, state: 'failed', reason: tell(EXPIRED, { date }) };
  if (now < notAfter - warnBefore) return base;
  return { ...base, warnings: [...compiled.warnings, tell(SOON, { date, days: Math.floor((notAfter - now) / DAY_MS) })] };
}
