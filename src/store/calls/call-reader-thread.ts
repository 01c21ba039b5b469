/** Entry of the thread that searches calls: answers one question after the other on a handle that cannot write. */
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type FromReader, toldError, type ToReader } from '../reader.ts';
import { translated } from '../sqlite.ts';
import { type BlockSearch, openBlockSearch } from './block-search.ts';
import type { FromSearch, ToSearch } from './call-threads.ts';

const { file } = workerData as { file: string };
let search: BlockSearch | undefined;
let opened = '';

parentPort!.on('message', ({ id, question }: ToReader<ToSearch>) => {
  let said: FromReader<FromSearch>;
  try {
    said = { id, answer: translated(() => answer(question)) };
  } catch (error) {
    said = { id, ...toldError(error) };
  }
  parentPort!.postMessage(said, []);
});

function answer(question: ToSearch): FromSearch {
  const found = ask(question);
  return { found, unreadable: search?.unreadable() ?? [] };
}

function ask(question: ToSearch): unknown {
  const from = current();
  if (!from) return question.ask === 'find' ? null : [];
  switch (question.ask) {
    case 'search':
      return from.search(question.with);
    case 'find':
      return from.find(question.with);
    case 'totals':
      return from.totals(question.with);
    case 'totalsByRoute':
      return from.totalsByRoute(question.with);
  }
}

/** The file that has the name now: a damaged one is set aside, and another takes its place. */
function current(): BlockSearch | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  const is = stat ? `${stat.dev}:${stat.ino}` : '';
  if (is !== opened) {
    search?.close();
    search = undefined;
  }
  opened = is;
  return (search ??= openBlockSearch(file));
}
