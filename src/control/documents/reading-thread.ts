/** Entry of the thread that reads large documents: one question after the other. */
import { parentPort } from 'node:worker_threads';
import { type FromReader, toldError, type ToReader } from '../../store/reader.ts';
import { changeText } from './change.ts';
import { parseSlice } from './parse.ts';
import type { ToReading } from './reading.ts';

parentPort!.on('message', ({ id, question }: ToReader<ToReading>) => {
  let said: FromReader<unknown>;
  try {
    said = { id, answer: 'slice' in question ? parseSlice(question.slice, question.file) : changeText(question.text, question.changes) };
  } catch (error) {
    said = { id, ...toldError(error) };
  }
  parentPort!.postMessage(said, []);
});
