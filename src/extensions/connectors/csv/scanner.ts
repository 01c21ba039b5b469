/**
 * A strict scanner of CSV text in pieces. In: decoded text as it comes. Out: rows of cells with the line they
 * began on. Own code, because a refusal must name its line, a row must be bounded while it is still read, and
 * quoted cells must be told from unquoted ones (an empty text is not NULL). Source: RFC 4180.
 */

import { type Text, Told } from '../../../sdk/index.ts';

/** A cell; `quoted` tells `""` from nothing. */
export interface Cell {
  readonly text: string;
  readonly quoted: boolean;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** Line of the text the row began on, from 1. */
  readonly line: number;
}

/** Thrown for text that is not valid; `line` is where. */
export class CsvError extends Told {
  readonly line: number;
  constructor(detail: Text, line: number) {
    super(detail);
    this.line = line;
  }
}

/** Takes pieces of text and answers the rows complete so far. */
export interface CsvScanner {
  /** `last` = no more text follows, so an unfinished row is finished. Throws `CsvError`. */
  push(piece: string, last: boolean): Row[];
  /** Line of the row being read. */
  readonly line: number;
}

/** Makes a scanner; `rowMax` bounds a row's characters. */
export function csvScanner(options: { readonly delimiter: string; readonly quote: string; readonly rowMax: number }): CsvScanner {
  let text = '';
  let line = 1;
  return {
    get line() {
      return line;
    },
    push(piece, last) {
      text += piece;
      const rows: Row[] = [];
      let at = 0;
      while (at < text.length) {
        const found = scanRow(text, at, last, line, options);
        if (!found) break;
        rows.push({ cells: found.cells, line });
        at = found.next;
        line += found.lines;
      }
      text = text.slice(at);
      if (text.length > options.rowMax) throw new CsvError(tooLong(options.rowMax), line);
      if (last && text.length > 0) throw new CsvError(ENDS_QUOTED, line);
      return rows;
    },
  };
}

const ENDS_QUOTED: Text = { en: 'the text ends inside a quoted cell', zh: '文本在带引号的单元格内结束' };
const tooLong = (limit: number): Text => ({
  en: `the row is longer than ${limit} characters; is a quote left open?`,
  zh: `该行超过 ${limit} 个字符；是否有未闭合的引号？`,
});
const afterQuote = (found: string): Text => ({
  en: `after a closing quote stands ${found}, not a delimiter or the line's end`,
  zh: `结束引号之后是 ${found}，而不是分隔符或行尾`,
});

type Scanned = { cells: Cell[]; next: number; lines: number };

/** The row at `start`, or undefined when its end has not come yet. */
function scanRow(
  text: string,
  start: number,
  last: boolean,
  line: number,
  { delimiter, quote }: { delimiter: string; quote: string },
): Scanned | undefined {
  const cells: Cell[] = [];
  let lines = 1;
  for (let at = start; ; ) {
    const cell =
      text[at] === quote ? scanQuoted(text, at, last, quote, line) : scanPlain(text, at, last, delimiter, quote, line + lines - 1);
    if (!cell) return undefined;
    cells.push({ text: cell.text, quoted: text[at] === quote });
    lines += cell.newlines;
    const after = text[cell.next];
    if (after === delimiter) {
      at = cell.next + 1;
      continue;
    }
    if (after === undefined) return last ? { cells, next: cell.next, lines } : undefined;
    if (after === '\n') return { cells, next: cell.next + 1, lines };
    if (after === '\r' && text[cell.next + 1] === undefined && !last) return undefined;
    if (after === '\r' && text[cell.next + 1] === '\n') return { cells, next: cell.next + 2, lines };
    throw new CsvError(afterQuote(JSON.stringify(after)), line + lines - 1);
  }
}

type Part = { text: string; next: number; newlines: number };

function scanQuoted(text: string, start: number, last: boolean, quote: string, line: number): Part | undefined {
  for (let at = start + 1, doubled = false; ; ) {
    const end = text.indexOf(quote, at);
    if (end === -1) {
      if (last) throw new CsvError(ENDS_QUOTED, line);
      return undefined;
    }
    if (end + 1 >= text.length && !last) return undefined;
    if (text[end + 1] === quote) {
      doubled = true;
      at = end + 2;
      continue;
    }
    const raw = text.slice(start + 1, end);
    return { text: doubled ? raw.replaceAll(quote + quote, quote) : raw, next: end + 1, newlines: countNewlines(raw) };
  }
}

function scanPlain(text: string, start: number, last: boolean, delimiter: string, quote: string, line: number): Part | undefined {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n') {
    if (text[end] === quote) throw new CsvError({ en: 'a quote stands inside an unquoted cell', zh: '未加引号的单元格中出现了引号' }, line);
    end++;
  }
  if (end === text.length && !last) return undefined;
  const stop = text[end] === '\n' && end > start && text[end - 1] === '\r' ? end - 1 : end;
  return { text: text.slice(start, stop), next: stop, newlines: 0 };
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
