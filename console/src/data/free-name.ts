/** Names for new resources that nobody has yet. Pure. */

const NAME_MAX = 63;

/** `base`, or `base-2`, `base-3` …: the first that is not among `taken`, within the length of a name. */
export function freeName(base: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const end = number === 1 ? '' : `-${number}`;
    const name = `${base.slice(0, NAME_MAX - end.length).replace(/-+$/, '')}${end}`;
    // There are more numbers than names.
    if (!taken.has(name)) return name;
  }
}

/** True for what `freeName(base, …)` may have answered. */
export function isMadeFrom(name: string, base: string): boolean {
  const end = /-\d+$/.exec(name)?.[0] ?? '';
  return name === freeName(base, new Set()) || (end !== '' && name === `${base.slice(0, NAME_MAX - end.length).replace(/-+$/, '')}${end}`);
}
