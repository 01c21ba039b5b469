/**
 * The codec of batches: PostgreSQL's COPY text over bytes.
 * In: cells, or bytes of whole rows. Out: bytes, or cells found by their offsets. A raw newline always
 * ends a row and a raw tab always parts cells, since both are escaped inside values; so rows are counted,
 * found and cut without decoding them. Source: PostgreSQL manual, "COPY — Text Format".
 */
import type { Batch, Column, Position } from './record.ts';

const NEWLINE = 10;
const TAB = 9;
const BACKSLASH = 92;
const LETTER_N = 78;
const FLUSH_CHARS = 64 * 1024;

/** The cell that stands for NULL. */
export const NULL_CELL = '\\N';

const SPECIAL = /[\\\b\f\n\r\t\v]/;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
/** Byte after a backslash → the byte it stands for; all others stand for themselves. */
const UNESCAPES: Readonly<Record<number, number>> = { 98: 8, 102: 12, 110: 10, 114: 13, 116: 9, 118: 11 };

/** A text as a cell. A text that reads `\N` stays a text: its backslash is doubled. */
export function escapeCell(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\b\f\n\r\t\v]/g, (c) => ESCAPES[c]!) : text;
}

/** A text or null as a cell. */
export function encodeCell(text: string | null): string {
  return text === null ? NULL_CELL : escapeCell(text);
}

/** Bytes as a cell of type `bytes`: `\x` and hex, its backslash escaped. */
export function bytesCell(value: Uint8Array): string {
  return `\\\\x${asBuffer(value).toString('hex')}`;
}

/** The value of the cell at `data[start, end)`: its text, or null. */
export function decodeCell(data: Uint8Array, start: number, end: number): string | null {
  if (end - start === 2 && data[start] === BACKSLASH && data[start + 1] === LETTER_N) return null;
  const bytes = asBuffer(data);
  const first = bytes.indexOf(BACKSLASH, start);
  if (first === -1 || first >= end) return bytes.toString('utf8', start, end);
  const plain = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let i = start; i < end; i++) {
    let byte = bytes[i]!;
    if (byte === BACKSLASH && i + 1 < end) {
      const next = bytes[++i]!;
      byte = UNESCAPES[next] ?? next;
    }
    plain[length++] = byte;
  }
  return plain.toString('utf8', 0, length);
}

/** How many whole rows `data` holds. */
export function countRows(data: Uint8Array): number {
  const bytes = asBuffer(data);
  let rows = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) rows++;
  return rows;
}

/** Where the last whole row of `data[0, end)` stops (after its newline); 0 when it holds none. */
export function endOfRows(data: Uint8Array, end = data.length): number {
  return end === 0 ? 0 : asBuffer(data).lastIndexOf(NEWLINE, end - 1) + 1;
}

/** Bytes of row `index` (0 = first) without its newline; undefined when there is none. */
export function rowRange(data: Uint8Array, index: number): { start: number; end: number } | undefined {
  const bytes = asBuffer(data);
  let start = 0;
  for (let row = 0; ; row++) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) return undefined;
    if (row === index) return { start, end };
    start = end + 1;
  }
}

/** Ends of the cells of the row at `data[start, end)`: cell i is `[i ? ends[i-1] + 1 : start, ends[i])`. */
export function cellEnds(data: Uint8Array, start: number, end: number): number[] {
  const bytes = asBuffer(data);
  const ends: number[] = [];
  for (let at = bytes.indexOf(TAB, start); at !== -1 && at < end; at = bytes.indexOf(TAB, at + 1)) ends.push(at);
  ends.push(end);
  return ends;
}

/** The values of the row at `data[start, end)`. */
export function decodeRow(data: Uint8Array, start: number, end: number): (string | null)[] {
  let from = start;
  return cellEnds(data, start, end).map((to) => {
    const value = decodeCell(data, from, to);
    from = to + 1;
    return value;
  });
}

/** All rows of `data` as values, one at a time. For sinks that bind values. */
export function* decodeRows(data: Uint8Array): Generator<(string | null)[]> {
  const bytes = asBuffer(data);
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    yield decodeRow(bytes, start, end);
    start = end + 1;
  }
}

/** Cuts whole rows into pieces of at most `bytesMax`, at row boundaries; a longer row stays whole. Views, not copies. */
export function splitRows(data: Uint8Array, bytesMax: number): Uint8Array[] {
  const bytes = asBuffer(data);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.length - start <= bytesMax ? bytes.length : bytes.lastIndexOf(NEWLINE, start + bytesMax - 1) + 1;
    if (end <= start) end = bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** The position of the last row of `data`: the texts of its cursor and key cells, by column index. */
export function lastPosition(data: Uint8Array, cursor: number, key: readonly number[]): Position | undefined {
  if (data.length === 0) return undefined;
  const end = data.length - 1;
  const row = decodeRow(data, endOfRows(data, end), end);
  return { cursor: row[cursor] ?? '', key: key.map((index) => row[index] ?? '') };
}

/** A row's key for people: `id=7, lang=de`; the first cells stand in where there is no key. */
export function describeKey(columns: readonly Column[], key: readonly string[], row: readonly (string | null)[]): string {
  const names = key.length > 0 ? key : columns.slice(0, 3).map((column) => column.name);
  const part = (name: string) => {
    const value = row[columns.findIndex((column) => column.name === name)];
    return `${name}=${value === null || value === undefined ? 'null' : value.length > 80 ? `${value.slice(0, 77)}…` : value}`;
  };
  return names.map(part).join(', ');
}

/** Gathers encoded rows into one batch's bytes. */
export interface CopyWriter {
  /** Adds a row of encoded cells joined by tabs, without its newline. */
  add(line: string): void;
  readonly rows: number;
  /** Bytes gathered, nearly: the text not yet encoded counts its characters. */
  readonly bytes: number;
  /** Hands over the bytes and starts anew. */
  take(): { data: Uint8Array; rows: number };
}

/** Makes a writer. Text is encoded in chunks: one call into the encoder per 64 K characters, not per cell. */
export function copyWriter(): CopyWriter {
  return new TextWriter();
}

/** A class, since each row is added: an object literal with getters is a slow dictionary to the engine. */
class TextWriter implements CopyWriter {
  rows = 0;
  private chunks: Buffer[] = [];
  private chunkBytes = 0;
  private text = '';

  get bytes(): number {
    return this.chunkBytes + this.text.length;
  }

  add(line: string): void {
    this.text += `${line}\n`;
    this.rows++;
    if (this.text.length >= FLUSH_CHARS) this.flush();
  }

  take(): { data: Uint8Array; rows: number } {
    this.flush();
    // A buffer of its own, never a slice of Node's pool: the batch may be transferred to another thread.
    const data = new Uint8Array(this.chunkBytes);
    let at = 0;
    for (const chunk of this.chunks) {
      data.set(chunk, at);
      at += chunk.length;
    }
    const taken = { data, rows: this.rows };
    this.chunks = [];
    this.chunkBytes = this.rows = 0;
    return taken;
  }

  private flush(): void {
    if (this.text.length === 0) return;
    const chunk = Buffer.from(this.text, 'utf8');
    this.chunks.push(chunk);
    this.chunkBytes += chunk.length;
    this.text = '';
  }
}

/** An empty batch of a stream. */
export function emptyBatch(stream: string, columns: readonly Column[]): Batch {
  return { stream, columns, data: new Uint8Array(0), rows: 0 };
}

/** The same bytes seen as a Buffer, for its searches. */
export function asBuffer(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
