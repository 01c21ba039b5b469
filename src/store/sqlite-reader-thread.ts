/** Entry of the reader thread: answers one statement after the other on a handle of its own that cannot write. */
import { parentPort, workerData } from 'node:worker_threads';
import { Problem } from '../base/problem.ts';
import { type BlockingReader, openReader } from './sqlite.ts';
import type { FromReader, ToReader } from './sqlite-reader.ts';

let reader: BlockingReader | undefined;

parentPort!.on('message', ({ id, sql, values }: ToReader) => {
  let answer: FromReader;
  try {
    reader ??= openReader((workerData as { file: string }).file);
    answer = { id, rows: reader.all(sql, values) };
  } catch (error) {
    answer = { id, code: error instanceof Problem ? error.code : '', message: error instanceof Error ? error.message : String(error) };
  }
  parentPort!.postMessage(answer, []);
});
