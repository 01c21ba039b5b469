/**
 * Aim: the watched folder never loses anything by accident. Method: a real folder, the real store and
 * resources; looks are called by hand, so nothing waits.
 */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { actor, openWorld, type World } from '../../../test/control/world.ts';
import { silentLog } from '../../base/log.ts';
import { Problem } from '../../base/problem.ts';
import { type FolderWatch, watchFolder } from './watch.ts';

const upstream = (name: string, port = 9000) =>
  `apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: ${name} }\nspec: { targets: [{ host: h, port: ${port} }] }\n`;

interface Yard {
  readonly w: World;
  readonly watch: FolderWatch;
  readonly folder: string;
  write(name: string, text: string): void;
  /** Two looks: the first sees, the second acts. */
  settle(): Promise<string>;
  names(): Promise<string[]>;
  incidents(): Promise<string[]>;
}

async function yard(t: TestContext): Promise<Yard> {
  const w = await openWorld();
  const folder = path.join(w.folder, 'watched');
  mkdirSync(folder);
  const watch = watchFolder({ folder, resources: w.resources, store: w.store, clock: w.clock, newId: w.newId, log: silentLog });
  t.after(async () => {
    await watch.close();
    await w.end();
  });
  return {
    w,
    watch,
    folder,
    write: (name, text) => {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    },
    settle: async () => {
      await watch.look();
      return watch.look();
    },
    names: async () => (await w.resources.list({})).items.map((item) => item.name),
    incidents: async () =>
      (await w.store.incidents.list({ open: true, limit: 100 })).map((incident) => `${incident.kind} ${incident.detail.en}`),
  };
}

test('files become resources, changes follow, a deleted file deletes, and without change nothing happens', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', `# first\n${upstream('a')}---\n${upstream('b')}`);
  y.write('deep/er/c.yml', upstream('c'));
  y.write(
    'd.json',
    JSON.stringify({ apiVersion: 'weir/v1', kind: 'Upstream', metadata: { name: 'd' }, spec: { targets: [{ host: 'h' }] } }),
  );
  y.write('.hidden.yaml', upstream('no'));
  y.write('readme.txt', 'no');
  assert.equal(await y.watch.look(), 'unsettled');
  assert.equal(await y.watch.look(), 'applied');
  assert.deepEqual(await y.names(), ['a', 'b', 'c', 'd']);
  assert.equal(await y.watch.look(), 'unchanged');
  assert.equal((await y.w.store.audit.list({ limit: 100 })).length, 4);
  y.write('deep/er/c.yml', upstream('c', 9001));
  unlinkSync(path.join(y.folder, 'd.json'));
  assert.equal(await y.settle(), 'applied');
  assert.deepEqual(await y.names(), ['a', 'b', 'c']);
  const c = await y.w.resources.get({ project: 'default', kind: 'Upstream', name: 'c' });
  assert.deepEqual([c.version, c.manager, c.updatedBy], [2, 'folder', 'folder']);
});

test('a half-written file keeps the last good ones and says why; nothing is deleted meanwhile', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', `${upstream('a')}---\n${upstream('b')}`);
  y.write('c.yaml', upstream('c'));
  await y.settle();
  const whole = `${upstream('a', 9001)}---\n${upstream('b', 9001)}`;
  y.write('a.yaml', whole.slice(0, whole.indexOf('targets') + 12));
  unlinkSync(path.join(y.folder, 'c.yaml'));
  await y.settle();
  assert.deepEqual(await y.names(), ['a', 'b', 'c']);
  assert.match((await y.incidents())[0]!, /^folder-file a\.yaml: line \d+ .*cannot be read as YAML.*last good version/);
  assert.equal((await y.w.resources.get({ project: 'default', kind: 'Upstream', name: 'a' })).version, 1);
  y.write('a.yaml', whole);
  await y.settle();
  assert.deepEqual(await y.names(), ['a', 'b']);
  assert.deepEqual(await y.incidents(), []);
});

test('a file that still grows is not acted on', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', upstream('a'));
  await y.settle();
  for (let i = 1; i < 5; i++) {
    y.write('a.yaml', `${upstream('a')}${'# more\n'.repeat(i)}`);
    assert.equal(await y.watch.look(), 'unsettled');
  }
  assert.equal((await y.w.resources.get({ project: 'default', kind: 'Upstream', name: 'a' })).version, 1);
});

test('a missing folder changes nothing and raises an incident, which closes when it is back', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', upstream('a'));
  await y.settle();
  renameSync(y.folder, `${y.folder}-away`);
  assert.equal(await y.watch.look(), 'unreadable');
  assert.equal(await y.watch.look(), 'unreadable');
  assert.match((await y.incidents()).join(), /^folder-unreadable .*does not exist\. Nothing was changed/);
  assert.deepEqual(await y.names(), ['a']);
  renameSync(`${y.folder}-away`, y.folder);
  await y.settle();
  assert.deepEqual(await y.incidents(), []);
});

test('an unreadable folder changes nothing', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', upstream('a'));
  await y.settle();
  renameSync(y.folder, `${y.folder}-away`);
  writeFileSync(y.folder, 'a file where the folder was');
  assert.equal(await y.watch.look(), 'unreadable');
  assert.deepEqual(await y.names(), ['a']);
  assert.match((await y.incidents()).join(), /ENOTDIR/);
});

test('an emptied folder is held until confirmed', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', upstream('a'));
  await y.settle();
  unlinkSync(path.join(y.folder, 'a.yaml'));
  assert.equal(await y.settle(), 'held');
  assert.equal(await y.watch.look(), 'held');
  assert.deepEqual(await y.names(), ['a']);
  const [incident] = await y.w.store.incidents.list({ open: true, limit: 10 });
  await assert.rejects(y.watch.confirmHold('none', actor), (e: unknown) => e instanceof Problem && e.code === 'core/resources/no-hold');
  await y.watch.confirmHold(incident!.id, actor);
  assert.deepEqual(await y.names(), []);
  assert.deepEqual(await y.incidents(), []);
});

test('more than 20 % and at least five are held; less is not; a folder put back is released', async (t) => {
  const y = await yard(t);
  for (let i = 0; i < 25; i++) y.write(`u${i}.yaml`, upstream(`u${i}`));
  await y.settle();
  for (let i = 0; i < 5; i++) rmSync(path.join(y.folder, `u${i}.yaml`));
  assert.equal(await y.settle(), 'applied', '5 of 25 is 20 %, not more');
  for (let i = 5; i < 10; i++) rmSync(path.join(y.folder, `u${i}.yaml`));
  y.write('new.yaml', upstream('new'));
  assert.equal(await y.settle(), 'held', '5 of 20');
  assert.equal((await y.names()).length, 20);
  const [incident] = await y.w.store.incidents.list({ open: true, limit: 10 });
  y.write('u5.yaml', upstream('u5'));
  await assert.rejects(y.watch.confirmHold(incident!.id, actor), 'the folder is another than was held');
  assert.equal(await y.settle(), 'applied', '4 of 20');
  assert.deepEqual(await y.incidents(), []);
  assert.equal((await y.names()).length, 17);
});

test('links do not lead out of the folder', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', upstream('a'));
  writeFileSync(path.join(y.w.folder, 'secret.yaml'), upstream('outside'));
  symlinkSync(path.join(y.w.folder, 'secret.yaml'), path.join(y.folder, 'b.yaml'));
  symlinkSync(path.join(y.folder, 'a.yaml'), path.join(y.folder, 'c.yaml'));
  symlinkSync(y.w.folder, path.join(y.folder, 'up'));
  await y.settle();
  assert.deepEqual(await y.names(), ['a']);
  const said = (await y.incidents()).join('\n');
  assert.match(said, /b\.yaml: is a link that leads out of the folder/);
  assert.match(said, /c\.yaml: .*stands twice/);
});

test('files that are no text, too many, or bombs are reported and harm nothing', async (t) => {
  const y = await yard(t);
  y.write('a.yaml', upstream('a'));
  await y.settle();
  y.write('b.yaml', 'x: \ud800'.replace('\ud800', 'y'));
  writeFileSync(path.join(y.folder, 'c.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
  y.write(
    'd.yaml',
    `a: &a [1,1,1,1,1,1,1,1,1,1]\n${'bcdefgh'
      .split('')
      .map((k, i) => `${k}: &${k} [${Array(10).fill(`*${'abcdefg'[i]}`).join(',')}]`)
      .join('\n')}\n`,
  );
  y.write('e.yaml', '#'.repeat(5 * 1024 * 1024));
  await y.settle();
  assert.deepEqual(await y.names(), ['a']);
  const said = (await y.incidents()).join('\n');
  for (const expected of [
    /b\.yaml: .*apiVersion is required/,
    /c\.yaml: is not UTF-8/,
    /d\.yaml: .*more than 50000 values/,
    /e\.yaml: is larger than 4MiB/,
  ])
    assert.match(said, expected);
});

test('each resource knows the file it was last read from', async (t) => {
  const y = await yard(t);
  const key = (name: string) => ({ project: 'default', kind: 'Upstream', name });
  assert.equal(y.watch.fileOf(key('a')), undefined);
  y.write('deep/a.yaml', upstream('a'));
  await y.settle();
  assert.equal(y.watch.fileOf(key('a')), 'deep/a.yaml');
  renameSync(path.join(y.folder, 'deep/a.yaml'), path.join(y.folder, 'moved.yaml'));
  await y.settle();
  assert.equal(y.watch.fileOf(key('a')), 'moved.yaml');
  assert.equal(y.watch.fileOf(key('b')), undefined);
});
