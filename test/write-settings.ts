/** Writes settings and their events to the store at argv[2], from number argv[3], telling its parent each one acknowledged. */
import { systemClock } from '../src/base/clock.ts';
import { idGenerator } from '../src/base/id.ts';
import { systemRandom } from '../src/base/random.ts';
import { openStore } from '../src/store/store.ts';

const newId = idGenerator(systemClock, systemRandom);
const store = await openStore({ file: process.argv[2]!, clock: systemClock, newId });
for (let n = Number(process.argv[3]); ; n++) {
  await store.transaction(async (tables) => {
    await tables.settings.put(`s${n}`, String(n));
    await tables.outbox.add({ id: newId(), time: systemClock.now(), type: 'test', subject: String(n), data: {} });
  });
  await new Promise((resolve) => process.send!(n, undefined, undefined, resolve));
}
