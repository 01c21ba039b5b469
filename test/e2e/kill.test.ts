/**
 * Aim: whatever process dies, the others go on, and it comes back; a stop answers what is under way; no process
 * outlives the supervisor. Method: the real command under a steady light load of keep-alive clients; `kill -9` by
 * process id of each role in turn, of the supervisor, and Ctrl-C; waits end on conditions, measured times are printed.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { api, call, isAlive, must, newHome, roleProcesses, sparePid, supervisorPid, untilReady, untilSpare, weirIn } from './tools.ts';
import { until, type Weir } from './weir.ts';

let weir: Weir;
let key: string;

after(() => weir?.stop());
const home = newHome({ after }, 'kill');
before(async () => {
  // The lease is longer than any wait here: a run whose worker died is taken over because the next worker knows it.
  weir = await weirIn(home, { args: ['--sample'], env: { WEIR_WORKER_LEASE: '10m', WEIR_SPARE: 'on' } });
  writeFileSync(path.join(home, 'caller.yaml'), 'apiVersion: weir/v1\nkind: Consumer\nmetadata: { name: load }\nspec: {}\n');
  await must(weir, 'apply', '-f', 'caller.yaml');
  key = (await must(weir, 'key', 'create', 'load')).trim();
  await until('the sample is filled', () => /Ctrl-C stops everything/.test(weir.output()));
  await until('the key is known', async () => (await get('/data/v1/orders/1')).status === 200, 10);
});

test('kill -9 of the spare: nobody notices, and there is another one', async () => {
  const load = startLoad(['/data/v1/orders/1', '/crm/customers/7']);
  const { pid } = await untilSpare(weir);
  process.kill(pid, 'SIGKILL');
  await until('another spare is there', () => ![undefined, pid].includes(sparePid(weir)));
  const before = load.answered();
  await until('the load goes on', () => load.answered() > before + 200);
  assert.deepEqual(await load.stop(), [], 'no request failed');
});

test('a killed role goes on in the spare, which shows its name; two killed at once come back both', async (t) => {
  const { pid: spare } = await untilSpare(weir);
  const killed = roleProcesses(weir);
  const from = performance.now();
  for (const role of ['control', 'gateway']) process.kill(killed.get(role)!, 'SIGKILL');
  for (const role of ['gateway', 'control']) {
    await until(`${role} is back`, async () => {
      const now = roleProcesses(weir).get(role);
      return now !== undefined && now !== killed.get(role) && (await isBack(role, now));
    });
    t.diagnostic(`${role} was back ${Math.round(performance.now() - from)} ms after both were killed`);
  }
  assert.ok([...roleProcesses(weir).values()].includes(spare), 'one of them is what was the spare');
  for (const role of ['worker', 'sample']) assert.equal(roleProcesses(weir).get(role), killed.get(role), `${role} ran on`);
});

for (const role of ['control', 'worker', 'sample'] as const) {
  test(`kill -9 of ${role}: the gateway goes on serving, and ${role} comes back`, async (t) => {
    const load = startLoad(role === 'sample' ? ['/data/v1/orders/1'] : ['/data/v1/orders/1', '/crm/customers/7']);
    await until('the load runs', () => load.answered() > 200);
    const ms = await killAndWait(t, role);
    const before = load.answered();
    await until('the load goes on', () => load.answered() > before + 200);
    assert.deepEqual(await load.stop(), [], 'no request failed');
    assert.ok(ms < 15_000);
    await until('every resource is ready again, since everybody says what he has', async () => {
      const { items } = JSON.parse((await api(weir, '/api/v1/resources?limit=1000')).text) as { items: { status: { state: string } }[] };
      return items.length > 5 && items.every(({ status }) => status.state !== 'pending');
    });
  });
}

test('kill -9 of gateway: control goes on, and the gateway comes back', async (t) => {
  const load = startLoad(['/data/v1/orders/1']);
  await until('the load runs', () => load.answered() > 200);
  const failures: unknown[] = [];
  let watching = true;
  const watch = (async () => {
    for (; watching; await delay(20)) await call(`${weir.control}/readyz`).catch((error: unknown) => failures.push(error));
  })();
  const ms = await killAndWait(t, 'gateway');
  const answered = load.answered();
  await until('the load is served again', () => load.answered() > answered + 200);
  watching = false;
  await watch;
  assert.ok((await load.stop()).length > 0, 'calls to a dead gateway fail, and are seen to');
  assert.deepEqual(failures, [], 'control answered all along');
  assert.ok(ms < 15_000);
});

test('a run whose worker is killed is finished by the next one, with the right contents', { timeout: 90_000 }, async () => {
  writeFileSync(
    path.join(home, 'copy.yaml'),
    `apiVersion: weir/v1
kind: Pipeline
metadata: { name: mes-copy }
spec:
  source: { connection: mes, streams: ["*"] }
  sink: { connection: warehouse, prefix: copy_, write: replace }
  mode: full
`,
  );
  await must(weir, 'apply', '-f', 'copy.yaml');
  for (let round = 0; round < 2; round++) {
    const { id } = JSON.parse(await must(weir, 'run', 'start', 'mes-copy', '-o', 'json')) as { id: string };
    const runs = async () => JSON.parse((await api(weir, `/api/v1/runs/${id}`)).text) as { state: string; result: string };
    await until('the run is claimed', async () => (await runs()).state !== 'queued');
    process.kill(roleProcesses(weir).get('worker')!, 'SIGKILL');
    await until('the run ends', async () => (await runs()).state === 'done').catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${JSON.stringify(await runs())}\n${await must(weir, 'run', 'logs', id)}\n${weir.output()}`);
    });
    assert.equal((await runs()).result, 'succeeded');
  }
  const rows = (file: string, table: string) => {
    const db = new DatabaseSync(path.join(home, 'files', 'sample', file), { readOnly: true });
    try {
      return db.prepare(`SELECT * FROM ${table} ORDER BY 1`).all();
    } finally {
      db.close();
    }
  };
  for (const table of ['machine', 'work_order', 'measurement']) {
    const copied = rows('warehouse.db', `copy_${table}`);
    assert.ok(copied.length > 0);
    assert.deepEqual(copied, rows('mes.db', table), table);
  }
});

test('kill -9 of the supervisor: the roles leave, and the next start works', async (t) => {
  const [supervisor, roles] = [supervisorPid(weir), roleProcesses(weir)];
  assert.ok(roles.size >= 4);
  roles.set('spare', (await untilSpare(weir)).pid);
  const from = performance.now();
  process.kill(supervisor, 'SIGKILL');
  const left: string[] = [];
  await until(
    'every role left',
    () => {
      for (const [role, pid] of roles) {
        if (isAlive(pid)) continue;
        roles.delete(role);
        left.push(`${role} after ${Math.round(performance.now() - from)} ms`);
      }
      return roles.size === 0;
    },
    6,
  );
  t.diagnostic(`left after the supervisor was killed: ${left.join(', ')}`);
  await weir.exited();
  weir = await weirIn(home);
  await untilReady(weir, 'DataApi', 'order');
  await until('the old key is still good', async () => (await get('/data/v1/orders/1')).status === 200, 10);
});

test('Ctrl-C answers what is under way, takes nothing new, and ends with 0', async () => {
  const held = Promise.withResolvers<() => void>();
  const slow = createServer((_, answer) => held.resolve(() => answer.end('at last'))).listen(0, '127.0.0.1');
  await new Promise((resolve) => slow.once('listening', resolve));
  const { port } = slow.address() as { port: number };
  writeFileSync(
    path.join(home, 'slow.yaml'),
    `apiVersion: weir/v1
kind: Upstream
metadata: { name: slow }
spec: { targets: [{ url: "http://127.0.0.1:${port}" }] }
---
apiVersion: weir/v1
kind: Route
metadata: { name: slow }
spec: { match: { paths: ["/slow"] }, upstream: slow, auth: [{ type: api-key }] }
`,
  );
  try {
    await must(weir, 'apply', '-f', 'slow.yaml');
    await untilReady(weir, 'Route', 'slow');
    const pending = get('/slow');
    const answerIt = await held.promise;
    const [roles, supervisor] = [[...roleProcesses(weir).values()], supervisorPid(weir)];
    for (const pid of [weir.child.pid!, supervisor]) process.kill(pid, 'SIGINT'); // As a terminal does: to the whole group.
    await until(
      'the gateway takes no new connection',
      () =>
        get('/data/v1/orders/1').then(
          () => false,
          () => true,
        ),
      10,
    );
    assert.ok(isAlive(supervisor), 'it waits for what is under way');
    answerIt();
    assert.deepEqual([(await pending).status, (await pending).text], [200, 'at last']);
    assert.equal(await weir.exited(), 0);
    assert.deepEqual(roles.filter(isAlive), []);
  } finally {
    slow.closeAllConnections();
    slow.close();
  }
});

/** Kills a role and waits until it answers again, as a new process; milliseconds from the kill. */
async function killAndWait(t: TestContext, role: string): Promise<number> {
  const pid = roleProcesses(weir).get(role)!;
  const from = performance.now();
  process.kill(pid, 'SIGKILL');
  await until(`${role} is back`, async () => {
    const now = roleProcesses(weir).get(role);
    return now !== undefined && now !== pid && (await isBack(role, now));
  });
  const ms = performance.now() - from;
  t.diagnostic(`${role} was back ${Math.round(ms)} ms after kill -9`);
  return ms;
}

async function isBack(role: string, pid: number): Promise<boolean> {
  if (role === 'gateway')
    return get('/data/v1/orders/1').then(
      ({ status }) => status === 200,
      () => false,
    );
  if (role === 'sample') return (await get('/crm/customers/7')).status === 200;
  const fleet = await api(weir, '/api/v1/fleet').catch(() => undefined);
  if (fleet?.status !== 200) return false;
  return role === 'control' || (JSON.parse(fleet.text) as { nodes: { pid: number }[] }).nodes.some((node) => node.pid === pid);
}

const get = (at: string, agent?: Agent) => call(weir.gateway + at, { 'x-api-key': key }, agent ? { agent } : {});

/** Two keep-alive clients for each path, a request every few milliseconds, until stopped. */
function startLoad(paths: readonly string[]): { answered(): number; stop(): Promise<string[]> } {
  const failed: string[] = [];
  let answered = 0;
  let running = true;
  const agents: Agent[] = [];
  const client = async (at: string) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    for (; running; await delay(3)) {
      const outcome = await get(at, agent).then(
        ({ status }) => (status === 200 ? '' : `${at} ${status}`),
        (error: unknown) => `${at} ${String(error)}`,
      );
      if (outcome) failed.push(outcome);
      else answered++;
    }
  };
  const clients = paths.flatMap((at) => [client(at), client(at)]);
  return {
    answered: () => answered,
    async stop() {
      running = false;
      await Promise.all(clients);
      for (const agent of agents) agent.destroy();
      return failed;
    },
  };
}
