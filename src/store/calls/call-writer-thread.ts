/** Entry of the thread that stores calls: one order after the other, each a transaction. */
import { renameSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type FromReader, toldError, type ToReader } from '../reader.ts';
import { translated } from '../sqlite.ts';
import { type BlockFile, openBlockFile } from './block-file.ts';
import type { FromWrite, ToWrite } from './call-threads.ts';

const { file } = workerData as { file: string };
const NOTHING: FromWrite = { bytes: 0, deleted: 0, more: false, lost: 0 };
let blocks: BlockFile | undefined;

parentPort!.on('message', ({ id, question }: ToReader<ToWrite>) => {
  let said: FromReader<FromWrite>;
  try {
    said = { id, answer: translated(() => done(question)) };
  } catch (error) {
    const told = toldError(error);
    if (told.code === 'core/store/damaged') setAside();
    said = { id, ...told };
  }
  parentPort!.postMessage(said, []);
});

function done(order: ToWrite): FromWrite {
  if (order.type === 'close') {
    blocks?.close();
    blocks = undefined;
    return NOTHING;
  }
  blocks ??= openBlockFile(file);
  const answer = { ...NOTHING, ...changed(blocks, order) };
  return { ...answer, lost: blocks.lost() };
}

function changed(to: BlockFile, order: Exclude<ToWrite, { type: 'close' }>): Partial<FromWrite> {
  if (order.type === 'add') return { bytes: to.add(order.batches, order.maybe) };
  if (order.type === 'trim') return to.trim(order.before, order.bytesMax);
  to.discard(order.blocks);
  return {};
}

/** New calls go into a new file; the damaged one is kept beside it, the last one of them. */
function setAside(): void {
  try {
    blocks?.close();
  } catch {} // It could not be read either.
  blocks = undefined;
  for (const end of ['-wal', '-shm', '']) {
    rmSync(`${file}.damaged${end}`, { force: true });
    try {
      renameSync(file + end, `${file}.damaged${end}`);
    } catch {} // Not there, or not ours to move: the next order says so.
  }
}
