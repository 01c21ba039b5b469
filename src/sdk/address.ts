/**
 * Which addresses Weir never connects to, asked after a name is resolved: link-local and cloud metadata,
 * addresses that are no one host, and Weir's own ports on this machine.
 * Source: RFC 6890 (special-purpose registries), RFC 3927, RFC 4291 §2.5.6.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Text } from '../base/text.ts';

const refused: readonly { readonly list: BlockList; readonly reason: Text }[] = [
  {
    list: block([
      ['169.254.0.0', 16],
      ['fe80::', 10],
    ]),
    reason: { en: 'it is a link-local address (cloud metadata lives there)', zh: '它是链路本地地址（云元数据服务所在）' },
  },
  {
    list: block([
      ['100.100.100.200', 32],
      ['fd00:ec2::', 32],
      ['192.0.0.192', 32],
    ]),
    reason: { en: 'it is a cloud metadata address', zh: '它是云元数据地址' },
  },
  {
    list: block([
      ['0.0.0.0', 8],
      ['::', 128],
    ]),
    reason: { en: 'it names no host', zh: '它不指向任何主机' },
  },
  {
    list: block([
      ['224.0.0.0', 4],
      ['240.0.0.0', 4],
      ['ff00::', 8],
    ]),
    reason: { en: 'it is a multicast or reserved address', zh: '它是组播或保留地址' },
  },
];
const loopback = block([
  ['127.0.0.0', 8],
  ['::1', 128],
]);

/**
 * Says why `address:port` is refused, or undefined when it may be used.
 * `own` are the ports Weir listens on, `local` the addresses of this machine besides loopback.
 */
export function addressRefusal(
  address: string,
  port: number,
  own: { readonly ports: ReadonlySet<number>; readonly local: ReadonlySet<string> },
): Text | undefined {
  const plain = unwrap(address);
  if (!isIPv4(plain) && !isIPv6(plain)) return { en: 'it is not an IP address', zh: '它不是 IP 地址' };
  const family = isIPv4(plain) ? 'ipv4' : 'ipv6';
  for (const { list, reason } of refused) if (list.check(plain, family)) return reason;
  const here = loopback.check(plain, family) || own.local.has(plain);
  return here && own.ports.has(port) ? { en: 'it is a port of Weir itself', zh: '它是 Weir 自己的端口' } : undefined;
}

/** The addresses of this machine, loopback among them, as they are now. */
export function localAddresses(): Set<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address.toLowerCase())));
}

/**
 * What one caller holds of addresses, as the name of a network: an IPv4 address (also one inside an IPv6 address) alone,
 * a /64 of IPv6, all of loopback together. However `address` is written, its network has one name.
 */
export function networkOf(address: string): string {
  const plain = unwrap(address);
  const family = isIPv4(plain) ? 'ipv4' : isIPv6(plain) ? 'ipv6' : undefined;
  if (family && loopback.check(plain, family)) return 'loopback';
  if (family !== 'ipv6') return plain;
  const first = expand(plain).slice(0, 4);
  return `${first.map((group) => group.toString(16)).join(':')}::/64`;
}

/** The IPv4 address inside an IPv4-mapped, IPv4-compatible, NAT64 or 6to4 one; others unchanged, without a zone. */
function unwrap(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  if (!isIPv6(plain)) return plain;
  const groups = expand(plain);
  const dotted = (a: number, b: number) => `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
  const zeros = (count: number) => groups.slice(0, count).every((group) => group === 0);
  if (zeros(5) && groups[5] === 0xffff) return dotted(groups[6]!, groups[7]!);
  if (zeros(6) && (groups[6] !== 0 || groups[7]! > 1)) return dotted(groups[6]!, groups[7]!);
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return dotted(groups[6]!, groups[7]!);
  if (groups[0] === 0x2002) return dotted(groups[1]!, groups[2]!);
  return plain;
}

function expand(address: string): number[] {
  const tail = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = tail
    ? address.slice(0, tail.index) + [(+tail[1]! << 8) | +tail[2]!, (+tail[3]! << 8) | +tail[4]!].map((n) => n.toString(16)).join(':')
    : address;
  const [head = '', rest] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const gap = rest === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(gap).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
}

function block(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, isIPv4(net) ? 'ipv4' : 'ipv6');
  return list;
}
