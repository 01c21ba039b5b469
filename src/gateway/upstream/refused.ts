/** Addresses no upstream may have: the link-local ones, where clouds keep credentials. */
import { BlockList, isIP } from 'node:net';

const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');

/** True for 169.254.0.0/16 and fe80::/10, mapped forms too; also for what is no address at all. Source: RFC 3927, RFC 4291 §2.5.6. */
export function isLinkLocal(address: string): boolean {
  const family = isIP(address);
  return family === 0 || linkLocal.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
