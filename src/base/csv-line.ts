/** A line of CSV as RFC 4180 has it, safe to open in a spreadsheet. Source: RFC 4180; OWASP, "CSV Injection". */

/** First in a file: how spreadsheets know that it is UTF-8. */
export const CSV_MARK = '\ufeff';

/** Cells joined and ended; each must be a cell already. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.join(',')}\r\n`;
}

/** A cell of words, which may be anybody's: quoted where needed, and never the start of a formula. */
export function csvCell(text: string): string {
  return quoted(harmless(text));
}

/** The wide forms begin a formula in East Asian spreadsheets. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

function harmless(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** Quotes what RFC 4180 asks for, and what spreadsheets with another separator would split. */
function quoted(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
