/**
 * Header fields of one direction as policies see them: a view over the spans of a head, plus changes.
 * Nothing is built until somebody asks; fields nobody touches are copied as bytes.
 */
import type { HeaderFields } from '../../sdk/exchange.ts';
import { fieldSeparator } from '../../sdk/expression.ts';
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

/** A field that was checked. */
interface Line {
  readonly name: string;
  readonly value: string;
  /** With its CRLF, made when the same line comes again: policies mostly give the same values. */
  bytes: Buffer | undefined;
}

/** A name that was checked. */
interface Known {
  readonly lower: string;
  readonly isOwn: boolean;
  /** Values it was given lately, each in its slot. */
  readonly lines: Line[];
}

const SLOTS = 8;
const NO_LINE: Line = Object.freeze({ name: '', value: '', bytes: undefined });
const known = new Map<string, Known>();

/** Fields over a head (or none), changed by `set`, `add` and `remove`. */
export class Fields implements HeaderFields {
  private head: Head | undefined;
  /** Added fields, the first `count` of them. Names in lower case. */
  private added: Line[] | undefined;
  private count = 0;
  /** Names that somebody dealt with, while that is watched. */
  private touched: string[] | undefined = undefined;
  /** Fields set, added or taken away so far; never goes back. */
  changes = 0;

  constructor(head: Head | undefined) {
    this.head = head;
  }

  get(name: string): string | undefined {
    const wanted = knownName(name).lower;
    if (this.touched) this.note(wanted);
    let result: string | undefined;
    const head = this.head;
    if (head?.mayHave(wanted.length)) {
      for (let n = 0; n < head.count; n++) {
        if (head.kinds[n] === DROPPED || !sameText(head.buffer, head.spans[n * 4]!, head.spans[n * 4 + 1]!, wanted)) continue;
        result = result === undefined ? head.value(n) : result + fieldSeparator(wanted) + head.value(n);
      }
    }
    const added = this.added;
    if (added) {
      for (let i = 0; i < this.count; i++) {
        const { name: own, value } = added[i]!;
        if (own === wanted) result = result === undefined ? value : result + fieldSeparator(wanted) + value;
      }
    }
    return result;
  }

  /** Throws a TypeError for a name or value HTTP forbids, and for fields only the engine may write. */
  set(name: string, value: string): void {
    const line = lineOf(writable(name), value);
    this.removeAll(line.name);
    this.changes++;
    this.append(line);
  }

  /** Throws like `set`. */
  add(name: string, value: string): void {
    const line = lineOf(writable(name), value);
    this.changes++;
    if (this.touched) this.note(line.name);
    this.append(line);
  }

  /** Throws a TypeError for fields only the engine may write. */
  remove(name: string): void {
    this.removeAll(writable(name).lower);
  }

  /** Takes over the fields of `head`, in place of all fields so far. */
  readFrom(head: Head): void {
    this.head = head;
    this.added = undefined;
    this.count = 0;
    this.touched = undefined;
  }

  /**
   * From now on names that are looked at, set, added or taken away are noted, be there such a field or not: what was decided
   * about a field of the head must hold for trailers, too.
   */
  watch(): void {
    this.touched = [];
  }

  get isWatched(): boolean {
    return this.touched !== undefined;
  }

  /** True when the name, in lower case, was noted. */
  wasTouched(lower: string): boolean {
    return this.touched?.includes(lower) ?? false;
  }

  /** Puts the bytes under the view somewhere that lasts; for views over a shared read buffer. */
  detach(): void {
    const head = this.head;
    if (head) head.moveTo(Buffer.from(head.buffer.subarray(head.start, head.end)), head.start);
  }

  /** Adds a field that is known to be allowed. */
  put(name: string, value: string): void {
    this.append({ name, value, bytes: undefined });
  }

  /** Drops every field, whoever may write it. */
  clear(): void {
    this.head = undefined;
    this.added = undefined;
    this.count = 0;
  }

  /** Writes the fields that pass, each with its CRLF; before them the bytes of their head from `start` on, if that is given. */
  write(out: Writer, start = -1): void {
    const head = this.head;
    if (head) {
      let from = start;
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
      for (let i = 0; i < this.count; i++) {
        const { name, value, bytes } = added[i]!;
        if (bytes) {
          out.bytes(bytes, 0, bytes.length);
          continue;
        }
        out.text(name);
        out.text(': ');
        out.text(value);
        out.text('\r\n');
      }
    }
  }

  /** A literal takes just the room it needs, which mostly is enough. */
  private append(line: Line): void {
    if (this.added) this.added[this.count] = line;
    else this.added = [line, NO_LINE, NO_LINE];
    this.count++;
  }

  private note(lower: string): void {
    if (!this.touched!.includes(lower)) this.touched!.push(lower);
  }

  private removeAll(lower: string): void {
    if (this.touched) this.note(lower);
    const head = this.head;
    if (head?.mayHave(lower.length)) {
      for (let n = 0; n < head.count; n++) {
        if (head.kinds[n] === DROPPED || !sameText(head.buffer, head.spans[n * 4]!, head.spans[n * 4 + 1]!, lower)) continue;
        head.kinds[n] = DROPPED;
        this.changes++;
      }
    }
    const added = this.added;
    if (!added) return;
    for (let i = this.count - 1; i >= 0; i--) {
      if (added[i]!.name !== lower) continue;
      added.splice(i, 1);
      this.count--;
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
  const made = { lower, isOwn: OWN.has(lower), lines: Array.from({ length: SLOTS }, () => NO_LINE) };
  if (known.size < NAMES_MAX) known.set(name, made);
  return made;
}

/** The name of a field that others than the engine may write. */
function writable(name: string): Known {
  const field = knownName(name);
  if (field.isOwn) throw new TypeError(`the field "${field.lower}" is written by the engine only`);
  return field;
}

/** The line of a field; one that came lately is known to be allowed. */
function lineOf(field: Known, value: string): Line {
  const { lower, lines } = field;
  const { length } = value;
  if (length === 0 || length > CHECKED_VALUE_MAX) return checkedLine(lower, value);
  const slot = (length + value.charCodeAt(length - 1) + value.charCodeAt(length >> 1) * 3) & (SLOTS - 1);
  const line = lines[slot]!;
  if (line.value !== value) return (lines[slot] = checkedLine(lower, value));
  line.bytes ??= Buffer.from(`${lower}: ${value}\r\n`, 'latin1');
  return line;
}

function checkedLine(name: string, value: string): Line {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c > 255 || VALUE[c] !== 1) throw new TypeError(`the value of "${name.slice(0, 60)}" holds a character a field must not hold`);
  }
  return { name, value, bytes: undefined };
}
