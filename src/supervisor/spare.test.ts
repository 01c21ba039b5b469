/**
 * Aim: a role that died gets the spare at once; whatever happens to the spare, the role comes back; a role that cannot
 * stay up does not eat spares. Method: real processes that speak the roles' protocol and do nothing else; time is moved
 * by hand, so every wait of the supervisor is seen; each outside wait ends on a condition.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { manualClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { type Child, keepChild } from './children.ts';
import { keepSpare } from './spare.ts';

/** Says what it became, and whether it was a spare. `dies` names a role that a spare ends of; with `unprepared` it ends before. */
const PROGRAM = `
  let spare = false;
  process.on('disconnect', () => process.exit());
  process.on('message', (m) => {
    if (m.type === 'prepare') {
      spare = true;
      if (m.config.unprepared) process.exit(3);
      process.send({ type: 'prepared', residentBytes: process.memoryUsage.rss() });
    } else if (m.type === 'stop') process.exit(0);
    else if (m.config.dies === m.role && spare) process.exit(4);
    else process.send({ type: 'ready' }, () => process.send({ type: 'note', name: 'is', value: { role: m.role, spare, pid: process.pid } }));
  });
`;

interface Note {
  readonly role: string;
  readonly spare: boolean;
  readonly pid: number;
}

function stage(t: TestContext, config: { readonly dies?: string; readonly unprepared?: boolean } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-spare-'));
  const program = path.join(folder, 'role.cjs');
  writeFileSync(program, PROGRAM);
  const clock = manualClock();
  const lines: string[] = [];
  const write = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log };
  const how = { command: process.execPath, args: [program], cwd: folder, environment: process.env, config, clock, log };
  const spare = keepSpare(how);
  const children: Child[] = [];
  const notes: Note[] = [];
  t.after(async () => {
    await spare.stop();
    await Promise.all(children.map((child) => child.stop(60_000)));
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    clock,
    spare,
    lines,
    /** The `nth` line of `message` so far, when there is one. */
    line: (message: string, nth = 1) => lines.filter((line) => line.startsWith(message))[nth - 1],
    notes,
    async start(role: string, nice = 0): Promise<Child> {
      const child = keepChild({ ...how, role, nice, spare, onNote: (_, value) => void notes.push(value as Note) });
      children.push(child);
      await child.ready;
      await until(() => notes.some((note) => note.role === role));
      return child;
    },
    /** Lets the spare's wait pass, and waits until it is there. */
    async prepared(nth = 1): Promise<number> {
      clock.advance(6_000);
      await until(() => lines.filter((line) => line.startsWith('a spare process waits')).length >= nth);
      return spare.pid!;
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !condition(); i++) await delay(10);
  assert.ok(condition(), `did not come true: ${String(condition)}`);
}

test('a role that died goes on in the spare at once, and a new spare is made two seconds later', async (t) => {
  const { clock, spare, notes, start, prepared, line } = stage(t);
  const child = await start('control');
  const pid = await prepared();
  process.kill(child.pid!, 'SIGKILL');
  await until(() => notes.length === 2);
  assert.deepEqual(notes[1], { role: 'control', spare: true, pid });
  assert.equal(child.pid, pid);
  assert.equal(spare.pid, undefined);
  clock.advance(1_999);
  assert.equal(spare.pid, undefined, 'the role has the processor for itself');
  clock.advance(1);
  assert.ok(spare.pid !== undefined && spare.pid !== pid);
  await until(() => line('a spare process waits', 2) !== undefined);
});

test('a spare that dies is made again, later each time', async (t) => {
  const { clock, spare, line } = stage(t, { unprepared: true });
  clock.advance(6_000);
  for (const [index, delayMs] of [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 60_000].entries()) {
    assert.ok(spare.pid !== undefined);
    await until(() => spare.pid === undefined);
    assert.match(line('the spare process ended and is made again', index + 1)!, new RegExp(`exit code 3.*"delayMs":${delayMs}}`));
    clock.advance(delayMs - 1);
    assert.equal(spare.pid, undefined);
    clock.advance(1);
  }
});

test('a spare that dies while it becomes a role leaves it to a new process, without a wait', async (t) => {
  const { notes, start, prepared, line } = stage(t, { dies: 'worker' });
  const child = await start('worker');
  const pid = await prepared();
  process.kill(child.pid!, 'SIGKILL');
  await until(() => notes.length === 2);
  assert.equal(notes[1]!.spare, false);
  assert.notEqual(notes[1]!.pid, pid);
  assert.match(line('the spare ended while it took over a role')!, /exit code 4/);
});

test('a spare that was killed just before it is needed leaves the role to a new process', async (t) => {
  const { notes, start, prepared } = stage(t);
  const child = await start('gateway');
  process.kill(await prepared(), 'SIGKILL');
  process.kill(child.pid!, 'SIGKILL');
  await until(() => notes.length === 2);
  assert.equal(notes[1]!.spare, false);
});

test('of two roles that die at once one gets the spare and the other a new process', async (t) => {
  const { notes, start, prepared } = stage(t);
  const both = [await start('control'), await start('gateway')];
  await prepared();
  for (const { pid } of both) process.kill(pid!, 'SIGKILL');
  await until(() => notes.length === 4);
  assert.deepEqual(
    notes
      .slice(2)
      .map((note) => note.spare)
      .sort(),
    [false, true],
  );
  assert.deepEqual(
    notes
      .slice(2)
      .map((note) => note.role)
      .sort(),
    ['control', 'gateway'],
  );
});

test('a role that dies soon after its start waits longer each time and gets no spare', async (t) => {
  const { clock, spare, notes, start, prepared, line } = stage(t);
  const child = await start('worker');
  await prepared();
  for (const [index, delayMs] of [0, 100, 250, 500].entries()) {
    process.kill(child.pid!, 'SIGKILL');
    await until(() => line('a role ended and is started again', index + 1) !== undefined);
    assert.match(line('a role ended and is started again', index + 1)!, new RegExp(`"delayMs":${delayMs}}`));
    clock.advance(delayMs);
    await until(() => notes.length === index + 2);
    clock.advance(4_000); // Long enough for the next spare, too short for a role that deserves it.
  }
  assert.deepEqual(
    notes.map((note) => note.spare),
    [false, true, false, false, false],
  );
  assert.notEqual(spare.pid, undefined);
});

test('a stop ends the spare, and none is made after it', async (t) => {
  const { clock, spare, prepared } = stage(t);
  const pid = await prepared();
  await spare.stop();
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  clock.advance(3_600_000);
  assert.equal(spare.pid, undefined);
  assert.equal(spare.take(0), undefined);
});

test('a spare gets the niceness of the role it becomes, on each of its threads', {
  skip: process.platform !== 'linux' && 'Linux only',
}, async (t) => {
  const { notes, start, prepared } = stage(t);
  const child = await start('worker', 5);
  const made = niceness(child.pid!);
  assert.equal(made.size, 1);
  await prepared();
  process.kill(child.pid!, 'SIGKILL');
  await until(() => notes.length === 2);
  assert.equal(notes[1]!.spare, true);
  assert.deepEqual(niceness(child.pid!), made);
});

/** What its threads have; field 19 of `stat`. The name before it may hold anything, so fields are read from behind its last bracket. */
function niceness(pid: number): Set<number> {
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8'));
  return new Set(tasks.map((stat) => Number(stat.replace(/^.*\) /s, '').split(' ')[16])));
}
