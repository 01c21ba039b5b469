/** Keys as this machine's keyboard names them. */

/** The part of `navigator` that tells the machine. */
interface Machine {
  readonly platform?: string;
  readonly userAgentData?: { readonly platform?: string };
}

/** True on a Mac, an iPhone or an iPad, where ⌘ does what Ctrl does elsewhere. */
export function isMac({ platform = '', userAgentData }: Machine): boolean {
  return /^(mac|iphone|ipad|ios)/i.test(userAgentData?.platform || platform);
}

/** `mod K` as `Ctrl K`, or `⌘ K` on a Mac. Both work on both, see `useKeys`. */
export function keyWords(keys: string, machine: Machine = navigator): string {
  return keys.replace(/^mod\b/, isMac(machine) ? '⌘' : 'Ctrl');
}
