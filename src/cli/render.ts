/**
 * The one renderer. Data goes to stdout as table, JSON, YAML, CSV or names; notes and problems go to stderr.
 * Colour only on a terminal and without NO_COLOR. Source: no-color.org.
 */
import { stringify } from 'yaml';
import { CSV_MARK, csvCell, csvLine } from '../base/csv-line.ts';
import type { ProblemBody } from '../base/problem.ts';
import { type Language, type Text, fill } from '../base/text.ts';
import type { Io } from './io.ts';
import { memberName } from './members.ts';

export type Form = 'table' | 'json' | 'yaml' | 'csv' | 'name';

/** A column of a table over items of type `V`. */
export interface TableColumn<V> {
  readonly title: Text;
  readonly value: (item: V) => string | number | boolean | null | undefined;
  readonly right?: boolean;
}

/** How a list of items is shown. */
export interface Shape<V> {
  readonly columns: readonly TableColumn<V>[];
  /** One item on `-o name`. */
  readonly name: (item: V) => string;
}

export interface Renderer {
  readonly form: Form;
  /** A list: a table, or all members as JSON or YAML. */
  list<V>(items: readonly V[], shape: Shape<V>): void;
  /** One thing: members line by line in a table, else JSON or YAML. */
  one<V extends object>(item: V, shape: Pick<Shape<V>, 'name'> & { readonly hide?: readonly string[] }): void;
  /** A text as it is, ended by a newline. */
  text(text: string): void;
  /** A unified diff, coloured on a terminal. */
  diff(text: string): void;
  /** Something on the way; nothing with `--quiet`. */
  note(text: Text, values?: Record<string, unknown>): void;
  problem(problem: ProblemBody): void;
  /** A moment for people, UTC. */
  time(ms: number | null | undefined): string;
}

const COLOURS = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2 } as const;

/** Makes the renderer of one command. */
export function createRenderer(io: Io, options: { form: Form; language: Language; quiet: boolean }): Renderer {
  const { form, language, quiet } = options;
  const colour = (on: boolean | undefined) => (name: keyof typeof COLOURS, text: string) =>
    on && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb' ? `\u001b[${COLOURS[name]}m${text}\u001b[0m` : text;
  const paint = colour(io.stdout.isTTY);
  const paintError = colour(io.stderr.isTTY);
  const print = (text: string) => void io.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
  const data = (value: unknown) => print(form === 'json' ? JSON.stringify(value, null, 2) : stringify(value));
  return {
    form,
    list(items, shape) {
      if (form === 'name') return print(items.map((item) => `${safe(shape.name(item))}\n`).join(''));
      if (form === 'csv') return print(csv(items, shape, language, io.stdout.isTTY === true));
      if (form !== 'table') return data(items);
      if (items.length > 0) print(table(items, shape, language));
    },
    one(item, shape) {
      if (form === 'name') return print(shape.name(item));
      if (form === 'csv') return print(csv([item], { columns: memberColumns(item) }, language, io.stdout.isTTY === true));
      if (form !== 'table') return data(item);
      print(members(item, new Set(shape.hide), language));
    },
    text: print,
    diff(text) {
      const painted = text.split('\n').map((line) => {
        if (line.startsWith('+')) return paint('green', safe(line));
        if (line.startsWith('-')) return paint('red', safe(line));
        return line.startsWith('@@') ? paint('cyan', safe(line)) : safe(line);
      });
      print(painted.join('\n'));
    },
    note(text, values) {
      if (!quiet) io.stderr.write(`${safe(fill(text, language, values))}\n`);
    },
    problem(problem) {
      io.stderr.write(problemText(problem, language, paintError));
    },
    time: (ms) => (ms === null || ms === undefined ? '-' : new Date(ms).toISOString().replace('T', ' ').slice(0, 19)),
  };
}

/** What happened, where, what to do, and the id to ask with. */
function problemText(problem: ProblemBody, language: Language, paint: (name: keyof typeof COLOURS, text: string) => string): string {
  const lines = [`${paint('red', safe(problem.title))}: ${safe(problem.detail)}`];
  for (const { file, line, pointer, detail } of problem.errors ?? []) {
    const place = [file && (line === undefined ? file : `${file}:${line}`), pointer].filter(Boolean).join(' ');
    lines.push(`  ${paint('yellow', safe(place || '/'))}  ${safe(detail)}`);
  }
  const id = problem.requestId ? `${language === 'zh' ? '，请求 ID' : ', request id'} ${problem.requestId}` : '';
  lines.push(paint('dim', `  [${safe(problem.code)}${safe(id)}]`));
  return `${lines.join('\n')}\n`;
}

function table<V>(items: readonly V[], { columns }: Shape<V>, language: Language): string {
  const cells = items.map((item) => columns.map(({ value }) => cell(value(item))));
  const titles = columns.map(({ title }) => title[language]);
  const widths = titles.map((title, i) => Math.max(width(title), ...cells.map((row) => width(row[i]!))));
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => {
        const space = ' '.repeat(Math.max(0, widths[i]! - width(text)));
        return columns[i]!.right ? space + text : text + space;
      })
      .join('  ')
      .trimEnd();
  return [titles, ...cells].map(line).join('\n');
}

/** The table's columns as CSV; a file begins with the mark by which spreadsheets know UTF-8, a terminal needs none. */
function csv<V>(items: readonly V[], { columns }: Pick<Shape<V>, 'columns'>, language: Language, isTerminal: boolean): string {
  const rows = items.map((item) => columns.map(({ value }) => value(item) ?? ''));
  const lines = [columns.map(({ title }) => title[language]), ...rows].map((row) =>
    csvLine(row.map((value) => (typeof value === 'string' ? csvCell(isTerminal ? safe(value) : value) : String(value)))),
  );
  return `${isTerminal ? '' : CSV_MARK}${lines.join('')}`;
}

/** A column for each member, called as the API calls it. */
function memberColumns<V extends object>(item: V): TableColumn<V>[] {
  return Object.keys(item).map((name) => ({
    title: { en: name, zh: name },
    value(one) {
      const value = one[name as keyof V];
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as string);
    },
  }));
}

function members(item: object, hide: ReadonlySet<string>, language: Language): string {
  const entries = Object.entries(item)
    .filter(([key, value]) => !hide.has(key) && value !== undefined)
    .map(([key, value]) => [memberName(key, language), key === 'status' ? named(value, language) : value] as const);
  const longest = Math.max(...entries.map(([key]) => width(key)));
  const padded = (key: string) => key + ' '.repeat(longest - width(key));
  return entries
    .map(([key, value]) => {
      if (value === null || typeof value !== 'object') return `${padded(key)}  ${cell(value as string)}`;
      const block = stringify(value)
        .trimEnd()
        .split('\n')
        .map((line) => `  ${safe(line)}`);
      return block.length === 1 ? `${padded(key)}${block[0]}` : `${key}\n${block.join('\n')}`;
    })
    .join('\n');
}

/** Our own members inside a member; those of people's objects, such as labels, stay as they are. */
function named(value: unknown, language: Language): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [memberName(key, language), inner]));
}

function cell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined || value === '') return '-';
  return safe(String(value)).replaceAll('\n', '⏎');
}

/** Without control characters: what others wrote must not steer the terminal. */
function safe(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

const WIDE = new RegExp(
  '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f' +
    '\\uff00-\\uff60\\uffe0-\\uffe6\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}]',
  'u',
);

/** Columns a text takes on a terminal: two for the wide characters of East Asia. Source: UAX #11. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}
