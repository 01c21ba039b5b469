/**
 * What the machine itself does meanwhile, in a thread that has nothing to do with Weir: how late a timer of 10 ms comes, and
 * how long 4 KiB take to be safe on the disk (every fifth time). A change is safe on the disk before it goes live, so a
 * disk that stands still for a second holds it for a second, whoever wrote it.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** Something took longer than `STALL_MS`. */
export interface Stall {
  readonly what: 'thread' | 'disk';
  /** When it was over, in milliseconds of the wall clock. */
  readonly at: number;
  readonly ms: number;
}

const STALL_MS = 40;
const TICK_MS = 10;
const DISK_EVERY = 5;
const STALLS_MAX = 10_000;

if (parentPort) watch(workerData as string, parentPort);

function watch(file: string, port: NonNullable<typeof parentPort>): void {
  const disk = openSync(file, 'w');
  const bytes = Buffer.alloc(4096, 1);
  const stalls: Stall[] = [];
  const note = (what: Stall['what'], ms: number) => {
    if (ms > STALL_MS && stalls.length < STALLS_MAX) stalls.push({ what, at: Date.now(), ms: Math.round(ms) });
  };
  let ticks = 0;
  let before = performance.now();
  const beat = setInterval(() => {
    note('thread', performance.now() - before - TICK_MS);
    if (++ticks % DISK_EVERY === 0) {
      const begun = performance.now();
      writeSync(disk, bytes, 0, bytes.length, 0);
      fdatasyncSync(disk);
      note('disk', performance.now() - begun);
    }
    before = performance.now();
  }, TICK_MS);
  port.once('message', () => {
    clearInterval(beat);
    closeSync(disk);
    port.postMessage(stalls);
    port.close();
  });
  port.postMessage('ready');
}
