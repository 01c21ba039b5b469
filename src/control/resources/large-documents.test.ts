/**
 * Aim: documents that take long to read or check hold up nobody else who asks control. Method: the real resources room; what it
 * does with many and with large documents is compared with the turns the event loop makes meanwhile. Time moves a slice at each look.
 */
import assert from 'node:assert/strict';
import { before, after, test } from 'node:test';
import { actor, openWorld, testKinds, testRegistry, type World } from '../../../test/control/world.ts';
import { manualClock } from '../../base/clock.ts';
import { createDataApiCompiler } from '../../dataapi/compiler.ts';
import { validateDocuments } from '../configuration.ts';
import { allowedEnvironment } from '../documents/variables.ts';

let w: World;
before(async () => {
  let looks = 0;
  w = await openWorld({ clock: { ...manualClock(), monotonic: () => (looks += 5) } });
});
after(() => w.end());

const head = (kind: string, name: string) => `apiVersion: weir/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n`;
const MANY = Array.from({ length: 300 }, (_, index) => `${head('Plan', `p-${index}`)}  policies: []\n`).join('---\n');
/** One large document with a mistake in each line. */
const LARGE = (() => {
  let text = `${head('Upstream', 'big')}  targets:\n`;
  for (let index = 0; text.length < 150_000; index++) text += `    - { url: "http://10.0.0.1:${index}", wieght: ${index % 9} }\n`;
  return text;
})();

/** How often the event loop turns until `work` is done. */
async function turnsOf(work: () => unknown): Promise<number> {
  let turns = 0;
  let over = false;
  const turn = (): void => void (over || (turns++, setImmediate(turn)));
  setImmediate(turn);
  await work();
  over = true;
  return turns;
}

const options = { actor, manager: 'api' as const };

test('many documents are checked in slices, whatever is done with them', async () => {
  for (const [name, work] of Object.entries({
    validate: () => w.resources.validate([{ text: MANY }]),
    complete: () => w.resources.validate([{ text: MANY }], { complete: true }),
    sources: () => w.resources.validate(MANY.split('---\n').map((text) => ({ text }))),
    diff: () => w.resources.diff([{ text: MANY }], options),
    apply: () => w.resources.apply([{ text: MANY }], options),
  })) {
    const turns = await turnsOf(work);
    assert.ok(turns >= 300, `${name}: ${turns} turns for 300 documents`);
  }
  assert.equal((await w.resources.list({ kind: 'Plan', limit: 1000 })).items.length, 300);
});

test('a large document is read elsewhere, and a small one that comes later is answered first', async () => {
  const order: string[] = [];
  const small = `${head('Plan', 'small')}  policies: []\n`;
  const work = async (): Promise<void> => {
    const large = w.resources.validate([{ text: LARGE }, { text: LARGE }]);
    // Nothing is said of the first turns: a parser that runs here would be through before.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    const quick = Promise.resolve(w.resources.validate([{ text: small }])).then(() => order.push('small'));
    await Promise.all([Promise.resolve(large).then(() => order.push('large')), quick]);
  };
  const turns = await turnsOf(work);
  assert.deepEqual(order, ['small', 'large']);
  assert.ok(turns > 50, `${turns} turns`);
});

test('what is read elsewhere is what is read here: value, lines and mistakes', async () => {
  const parts = { registry: testRegistry, kinds: testKinds, dataApis: createDataApiCompiler(), environment: allowedEnvironment({}) };
  const text = [LARGE, '# nothing but a comment', `${head('Plan', 'last')}  policies: {}\n`].join('---\n');
  const [there, here] = await Promise.all([
    w.resources.validate([{ text, file: 'big.yaml' }]),
    validateDocuments([{ text, file: 'big.yaml' }], parts),
  ]);
  assert.deepEqual(there, here);
  assert.equal(there.length, 2);
  assert.ok(there[0]!.problems.length > 1000);
  const lines = LARGE.split('\n');
  const misspelt = there[0]!.problems.filter(({ pointer }) => pointer.endsWith('wieght'));
  for (const { line, pointer } of misspelt.slice(-3)) assert.match(lines[line! - 1]!, /wieght/, pointer);
});

test('a change of a large text is made elsewhere too', async () => {
  const changes = [{ pointer: '/spec/targets/3/wieght', value: 77 }];
  let text = '';
  const turns = await turnsOf(async () => {
    const changed = await w.resources.change(LARGE, changes);
    assert.ok(changed.ok);
    text = changed.text;
  });
  assert.ok(turns > 50, `${turns} turns`);
  assert.equal(text, LARGE.replace(':3", wieght: 3', ':3", wieght: 77'));
});
