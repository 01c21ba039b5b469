/** Compiled code on disk, for the next process: each process and each thread writes what it has compiled itself. */
import { flushCompileCache } from 'node:module';
import type { Clock } from '../base/clock.ts';

/** After the busy first moments. */
const KEEP_MS = 5_000;

/**
 * Writes this thread's compiled code once it has run for a while. Node writes it only at an orderly end, and never
 * for threads of a process that is killed: what comes in its place would have to compile everything again.
 */
export function keepCompiledCode(clock: Clock): void {
  clock.after(KEEP_MS, flushCompileCache, { unref: true });
}

/**
 * The same at once, for threads that requests wait for: writing takes a thread's time, half a second and more on a slow disk, which
 * nobody minds before the first request. After the first start there is little left to write.
 */
export function writeCompiledCode(): void {
  flushCompileCache();
}
