/** A process that claims every due run of the store at argv[2] and tells its parent each id it was acknowledged. */
import { systemClock } from '../src/base/clock.ts';
import { idGenerator } from '../src/base/id.ts';
import { systemRandom } from '../src/base/random.ts';
import { openStore } from '../src/store/store.ts';

const store = await openStore({ file: process.argv[2]!, clock: systemClock, newId: idGenerator(systemClock, systemRandom) });
for (;;) {
  const lease = await store.runs.claim(`w${process.pid}`, 600_000);
  if (!lease) break;
  await new Promise((resolve) => process.send!(lease.run.id, undefined, undefined, resolve));
}
await store.close();
process.disconnect?.();
