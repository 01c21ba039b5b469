/** Calls that were rows of the store, before they were blocks: taken over once, when the store's schema is brought up to date. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { type CallBatch, NUMBERS, packCallBatch, PLACES, SAID_NAME, SAID_NOTHING, SAID_NUMBER } from '../../sdk/call-batch.ts';
import { CALL_PROTOCOLS } from '../../sdk/call-record.ts';
import { MARK_LETTERS } from '../../sdk/call-story.ts';
import { type Database, number, type Row, text, textOrNull } from '../database.ts';
import { openBlockFile } from './block-file.ts';

const ROWS_AT_ONCE = 2000;

/** Makes `file` of the rows of `call_record`; one that is there becomes `<file>.before`. One that broke off before is begun anew. */
export async function importCalls(db: Pick<Database, 'all'>, file: string): Promise<void> {
  const unfinished = `${file}.unfinished`;
  for (const end of ['', '-wal', '-shm']) rmSync(unfinished + end, { force: true });
  let last = -1;
  const rowsAfter = () => db.all('SELECT rowid AS place, * FROM call_record WHERE rowid > ? ORDER BY rowid LIMIT ?', [last, ROWS_AT_ONCE]);
  let rows = await rowsAfter();
  if (rows.length === 0) return;
  const blocks = openBlockFile(unfinished);
  try {
    for (; rows.length > 0; rows = await rowsAfter()) {
      blocks.add([packCallBatch(batchOfRows(rows))]);
      last = number(rows.at(-1)!, 'place');
      await new Promise(setImmediate); // A million rows take half a minute: who stops the program is heard meanwhile.
    }
  } finally {
    blocks.close(); // What its log holds is in the file then.
  }
  // Rows come again when an older store.db was restored: calls that were recorded since are kept beside, the last ones.
  for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) renameSync(file + end, `${file}.before${end}`);
  renameSync(unfinished, file);
}

/** The batch these rows were once. */
export function batchOfRows(rows: readonly Row[]): CallBatch {
  const names = new Map<string, number>();
  const name = (value: string): number => {
    const place = names.get(value) ?? names.size;
    names.set(value, place);
    return place;
  };
  const numbers = rows.flatMap((row) => numbersOf(row, name));
  const texts = rows.map((row) => text(row, 'id') + text(row, 'trace_id') + text(row, 'path')).join('');
  const bytes = new Uint8Array(Buffer.from(texts.replace(/[^\0-\xff]/g, '?'), 'latin1'));
  return { count: rows.length, names: [...names.keys()], numbers: new Float64Array(numbers), bytes, dropped: 0 };
}

function numbersOf(row: Row, name: (value: string) => number): number[] {
  const numbers: number[] = NUMBERS.map(() => 0);
  const put = (place: keyof typeof PLACES, value: number): void => void (numbers[PLACES[place]] = value);
  put('time', number(row, 'time'));
  put('status', number(row, 'status'));
  put('durationMs', number(row, 'duration_us') / 1000);
  put('upstreamMs', number(row, 'upstream_us') / 1000);
  put('requestBytes', number(row, 'request_bytes'));
  put('responseBytes', number(row, 'response_bytes'));
  put('protocol', (CALL_PROTOCOLS as readonly string[]).indexOf(text(row, 'protocol')));
  for (const column of ['project', 'consumer', 'route', 'method', 'release', 'reason'] as const) put(column, name(text(row, column)));
  put('clientAddress', name(text(row, 'client_address')));
  put('idLength', text(row, 'id').length);
  put('traceLength', text(row, 'trace_id').length);
  put('pathLength', text(row, 'path').length);
  const further = putStory(textOrNull(row, 'story'), put, name);
  return [...numbers, ...further];
}

/** What `storyText` made a text of, as numbers again; without one `headMs` is none. Answers marks, codes and said values. */
function putStory(
  story: string | null,
  put: (place: keyof typeof PLACES, value: number) => void,
  name: (value: string) => number,
): number[] {
  const [first = '', marks = '', said = '', ...chain] = (story ?? '').split('~');
  const [head, wait, connect, , , tries, reused, index, ...target] = first.split(' ');
  put('headMs', story === null ? Number.NaN : Number(head) / 1000);
  put('waitMs', Number(wait ?? 0) / 1000);
  put('connectMs', Number(connect ?? 0) / 1000);
  put('tries', Number(tries ?? 0));
  put('reused', Number(reused ?? 0));
  put('targetIndex', Number(index ?? -1));
  put('target', name(target.join(' ')));
  put('chain', name(chain.join('~')));
  const ran = marksOf(marks);
  const codes = ran.flatMap(({ code }) => (code === '' ? [] : [name(code)]));
  const values = said
    .split('|')
    .slice(1)
    .map((one) => (one === '' ? [SAID_NOTHING, 0] : one.startsWith("'") ? [SAID_NAME, name(one.slice(1))] : [SAID_NUMBER, Number(one)]));
  put('marks', ran.length);
  put('codes', codes.length);
  put('said', values.length);
  return [...ran.map(({ mark }) => mark), ...codes, ...values.flat()];
}

/** `p12,p35 c3;c8`: auth, request phase, response phase. */
function marksOf(marks: string): { readonly mark: number; readonly code: string }[] {
  const [before = '', after = ''] = marks.split(';');
  const [ofAuth = '', ofRequest = ''] = before.split(',');
  return [ofAuth, ofRequest, after].flatMap((words, phase) =>
    words.split(' ').flatMap((word) => {
      if (word === '') return [];
      const [us = '0', code = ''] = word.slice(1).split('=');
      return [{ mark: Number(us) * 32 + phase * 8 + Math.max(0, MARK_LETTERS.indexOf(word[0]!)), code }];
    }),
  );
}
