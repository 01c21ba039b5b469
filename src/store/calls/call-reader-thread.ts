/** Entry of the thread that searches calls: answers one question after the other on a handle that cannot write. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FromReader, toldError, type ToReader } from '../reader.ts';
import { translated } from '../sqlite.ts';
import { type BlockSearch, openBlockSearch } from './block-search.ts';
import type { ToSearch } from './call-threads.ts';

const { file } = workerData as { file: string };
let search: BlockSearch | undefined;

parentPort!.on('message', ({ id, question }: ToReader<ToSearch>) => {
  let said: FromReader<unknown>;
  try {
    said = { id, answer: translated(() => answer(question)) };
  } catch (error) {
    said = { id, ...toldError(error) };
  }
  parentPort!.postMessage(said, []);
});

function answer(question: ToSearch): unknown {
  search ??= openBlockSearch(file);
  if (!search) return question.ask === 'find' ? null : [];
  switch (question.ask) {
    case 'search':
      return search.search(question.with);
    case 'find':
      return search.find(question.with);
    case 'totals':
      return search.totals(question.with);
    case 'totalsByRoute':
      return search.totalsByRoute(question.with);
  }
}
