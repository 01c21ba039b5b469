/**
 * Header fields of one direction as policies see them: a view over the spans of a head, plus changes.
 * Nothing is built until somebody asks; fields nobody touches are copied as bytes.
 */
import type { HeaderFields } from '../../sdk/exchange.ts';
import { sameText, TOKEN, VALUE } from './bytes.ts';
import { DROPPED, type Head, PLAIN } from './head.ts';
import type { Writer } from './writer.ts';

/** Fields the engine alone writes: they frame the message or belong to one connection. */
const OWN = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'host',
]);
const NAMES_MAX = 2048;
const CHECKED_VALUE_MAX = 256;

/** A name that was checked. */
interface Known {
  readonly lower: string;
  readonly isOwn: boolean;
  /** What the field was last given and is known to be allowed: policies mostly give the same text again. */
  value: string;
}

const known = new Map<string, Known>();

/** Fields over a head (or none), changed by `set`, `add` and `remove`. */
export class Fields implements HeaderFields {
  private head: Head | undefined;
  /** Added fields: name, value, name, value … Names in lower case. */
  private added: string[] | undefined;
  /** Fields set, added or taken away so far; never goes back. */
  changes = 0;

  constructor(head: Head | undefined) {
    this.head = head;
  }

  get(name: string): string | undefined {
    const wanted = knownName(name).lower;
    let result: string | undefined;
    const head = this.head;
    if (head) {
      for (let n = 0; n < head.count; n++) {
        if (head.kinds[n] === DROPPED || !sameText(head.buffer, head.spans[n * 4]!, head.spans[n * 4 + 1]!, wanted)) continue;
        result = result === undefined ? head.value(n) : `${result}, ${head.value(n)}`;
      }
    }
    const added = this.added;
    if (added) {
      for (let i = 0; i < added.length; i += 2) {
        if (added[i] === wanted) result = result === undefined ? added[i + 1]! : `${result}, ${added[i + 1]!}`;
      }
    }
    return result;
  }

  /** Throws a TypeError for a name or value HTTP forbids, and for fields only the engine may write. */
  set(name: string, value: string): void {
    const lower = writable(name, value);
    this.removeAll(lower);
    this.changes++;
    this.append(lower, value);
  }

  /** Throws like `set`. */
  add(name: string, value: string): void {
    const lower = writable(name, value);
    this.changes++;
    this.append(lower, value);
  }

  /** Throws a TypeError for fields only the engine may write. */
  remove(name: string): void {
    this.removeAll(writable(name));
  }

  /** Takes over the fields of `head`, in place of all fields so far. */
  readFrom(head: Head): void {
    this.head = head;
    this.added = undefined;
  }

  /** Puts the bytes under the view somewhere that lasts; for views over a shared read buffer. */
  detach(): void {
    const head = this.head;
    if (head) head.moveTo(Buffer.from(head.buffer.subarray(head.start, head.end)), head.start);
  }

  /** Adds a field that is known to be allowed. */
  put(name: string, value: string): void {
    this.append(name, value);
  }

  /** Drops every field, whoever may write it. */
  clear(): void {
    this.head = undefined;
    this.added = undefined;
  }

  /** Writes the fields that pass, each with its CRLF. */
  write(out: Writer): void {
    const head = this.head;
    if (head) {
      let from = -1;
      for (let n = 0; n < head.count; n++) {
        if (head.kinds[n] === PLAIN) {
          if (from < 0) from = head.spans[n * 4]!;
        } else if (from >= 0) {
          out.bytes(head.buffer, from, head.spans[n * 4]!);
          from = -1;
        }
      }
      if (from >= 0) out.bytes(head.buffer, from, head.fieldsEnd);
    }
    const added = this.added;
    if (added) {
      for (let i = 0; i < added.length; i += 2) {
        out.text(added[i]!);
        out.text(': ');
        out.text(added[i + 1]!);
        out.text('\r\n');
      }
    }
  }

  /** A literal takes just the room it needs, which mostly is enough. */
  private append(lower: string, value: string): void {
    if (this.added) this.added.push(lower, value);
    else this.added = [lower, value];
  }

  private removeAll(lower: string): void {
    const head = this.head;
    if (head) {
      for (let n = 0; n < head.count; n++) {
        if (head.kinds[n] === DROPPED || !sameText(head.buffer, head.spans[n * 4]!, head.spans[n * 4 + 1]!, lower)) continue;
        head.kinds[n] = DROPPED;
        this.changes++;
      }
    }
    const added = this.added;
    if (!added) return;
    for (let i = added.length - 2; i >= 0; i -= 2) {
      if (added[i] !== lower) continue;
      added.splice(i, 2);
      this.changes++;
    }
  }
}

/** The name, checked once per distinct text; bounded, since policies name few. */
function knownName(name: string): Known {
  const found = known.get(name);
  if (found) return found;
  if (name.length === 0) throw new TypeError('a field name must not be empty');
  for (let i = 0; i < name.length; i++) {
    if (TOKEN[name.charCodeAt(i)] !== 1) throw new TypeError(`"${name.slice(0, 60)}" is not a field name`);
  }
  const lower = name.toLowerCase();
  const made = { lower, isOwn: OWN.has(lower), value: '' };
  if (known.size < NAMES_MAX) known.set(name, made);
  return made;
}

/** The name in lower case of a field that others than the engine may write, and with this value if there is one. */
function writable(name: string, value = ''): string {
  const field = knownName(name);
  if (field.isOwn) throw new TypeError(`the field "${field.lower}" is written by the engine only`);
  if (value !== '' && value !== field.value) checkValue(field, value);
  return field.lower;
}

function checkValue(field: Known, value: string): void {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c > 255 || VALUE[c] !== 1)
      throw new TypeError(`the value of "${field.lower.slice(0, 60)}" holds a character a field must not hold`);
  }
  if (value.length <= CHECKED_VALUE_MAX) field.value = value;
}
