/** How secrets stand in documents people see: `${kept:<id>}` for a stored one, `${secret:<name>}` for a Secret's. Pure. */

/** True for the placeholder of a stored value. */
export function isKept(text: string): boolean {
  return /^\$\{kept:[0-9a-f]+\}$/.test(text);
}

/** Name of the Secret a text refers to; undefined when it refers to none. */
export function secretName(text: string): string | undefined {
  return /^\$\{secret:([a-z0-9-]+)\}$/.exec(text)?.[1];
}
