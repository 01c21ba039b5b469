/** The thread of reader.test.ts: answers statements on a handle that cannot write. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { type FromReader, toldError, type ToReader } from './reader.ts';
import { translated } from './sqlite.ts';

const db = new DatabaseSync((workerData as { file: string }).file, { readOnly: true });

parentPort!.on('message', ({ id, question }: ToReader<string>) => {
  let said: FromReader<unknown>;
  try {
    said = { id, answer: translated(() => Object.values(db.prepare(question).get() ?? {})[0]) };
  } catch (error) {
    said = { id, ...toldError(error) };
  }
  parentPort!.postMessage(said, []);
});
