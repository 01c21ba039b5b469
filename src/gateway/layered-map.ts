/**
 * A map by text that is copied for each change and read for each request. Large ones share what did not change: what did lies over
 * it, and is worked in when it has become as much as makes copying and working in cost alike. Small ones are plain.
 */

const GONE: unique symbol = Symbol('gone');
/** Copying so few costs less than a second look for each reading. */
const PLAIN_MAX = 64;

/** See above; `get` of a value that is undefined is not told apart from none. */
export class LayeredMap<V> {
  size: number;
  private readonly below: Map<string, V>;
  /** Undefined when what is below is this map's own. */
  private readonly over: Map<string, V | typeof GONE> | undefined;

  constructor(below: Map<string, V> = new Map(), over?: Map<string, V | typeof GONE>, size: number = below.size) {
    this.below = below;
    this.over = over;
    this.size = size;
  }

  get(key: string): V | undefined {
    if (this.over === undefined) return this.below.get(key);
    const value = this.over.get(key);
    return value === undefined ? this.below.get(key) : value === GONE ? undefined : value;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): Generator<readonly [string, V]> {
    for (const entry of this.below) if (!this.over?.has(entry[0])) yield entry;
    for (const [key, value] of this.over ?? []) if (value !== GONE) yield [key, value];
  }

  /** One that may be changed; this one must not be any more. */
  copy(): LayeredMap<V> {
    const over = this.over?.size ?? 0;
    if (this.size <= PLAIN_MAX || over * over > this.below.size) return new LayeredMap(new Map(this.entries()));
    return new LayeredMap(this.below, new Map(this.over), this.size);
  }

  set(key: string, value: V): void {
    if (!this.has(key)) this.size++;
    (this.over ?? this.below).set(key, value);
  }

  delete(key: string): void {
    if (!this.has(key)) return;
    this.size--;
    if (this.over === undefined) this.below.delete(key);
    else if (this.below.has(key)) this.over.set(key, GONE);
    else this.over.delete(key);
  }
}
