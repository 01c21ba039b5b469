/**
 * The promise that no role outlives the supervisor by more than three seconds, kept by a thread of its own:
 * the role's main thread may be inside a long call of a database just then and hear nothing.
 */
import { workerData } from 'node:worker_threads';
import { systemClock as clock } from '../base/clock.ts';

const LOOK_MS = 200;
const LIMIT_MS = 2_800;

const { parent } = workerData as { readonly parent: number };
const cancel = clock.every(LOOK_MS, () => {
  if (process.ppid === parent) return;
  cancel();
  clock.after(LIMIT_MS, () => process.kill(process.pid, 'SIGKILL'));
});
