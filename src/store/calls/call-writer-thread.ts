/** Entry of the thread that stores calls. Deleting many goes in steps, between which new ones are stored. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FromReader, toldError, type ToReader } from '../reader.ts';
import { translated } from '../sqlite.ts';
import { type BlockFile, openBlockFile } from './block-file.ts';
import type { ToWrite } from './call-threads.ts';

const { file } = workerData as { file: string };
let blocks: BlockFile | undefined;

parentPort!.on('message', ({ id, question }: ToReader<ToWrite>) => {
  if (question.type === 'add') tell(id, () => blocksOf().add(question.batches));
  else if (question.type === 'trim') trim(id, question, 0);
  else tell(id, close);
});

function trim(id: number, order: Extract<ToWrite, { type: 'trim' }>, deletedBefore: number): void {
  let more = false;
  tell(id, () => {
    const step = blocksOf().trim(order.before, order.bytesMax);
    more = step.more;
    deletedBefore += step.deleted;
    return more ? undefined : deletedBefore;
  });
  if (more) setImmediate(() => trim(id, order, deletedBefore));
}

function close(): number {
  blocks?.close();
  blocks = undefined;
  return 0;
}

function blocksOf(): BlockFile {
  return (blocks ??= openBlockFile(file));
}

/** Answers what `work` does; nothing when that is undefined: there is more to come. */
function tell(id: number, work: () => number | undefined): void {
  let said: FromReader<number>;
  try {
    const answer = translated(work);
    if (answer === undefined) return;
    said = { id, answer };
  } catch (error) {
    said = { id, ...toldError(error) };
  }
  parentPort!.postMessage(said, []);
}
