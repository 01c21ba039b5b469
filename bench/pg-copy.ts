/**
 * Full copies into PostgreSQL, paired in the same run with the plain pipes of the command-line clients:
 * PostgreSQL against `psql | psql`, MariaDB against `mariadb | psql`. Prints wall ratios and CPU per million rows.
 * Usage: node bench/pg-copy.ts [rows=500000] [rounds=5]. Needs psql; mariadb for the second table.
 */
import { execFileSync } from 'node:child_process';
import mysql from 'mysql2/promise';
import pg from 'pg';
import maria from '../src/extensions/connectors/mysql/index.ts';
import postgres from '../src/extensions/connectors/postgres/index.ts';
import type { Connector } from '../src/sdk/connector.ts';
import type { StreamSchema } from '../src/sdk/record.ts';
import { connect, suiteTools } from '../src/sdk/suites/connector-tools.ts';
import { startMariadb, startPostgres, type TestDatabase } from '../test/servers.ts';

const rows = Number(process.argv[2] ?? 500_000);
const rounds = Number(process.argv[3] ?? 5);
const tools = suiteTools();
const never = new AbortController().signal;
const COLUMNS = `order_id bigint, part integer, supplier integer, line integer, quantity numeric(12,2), price numeric(12,2),
  discount numeric(12,2),
  tax numeric(12,2), flag char(1), status char(1), shipped date, committed date, received date, instruct varchar(25),
    mode varchar(10), note varchar(44)`;
const day = (expression: string, postgresql: boolean) =>
  postgresql ? `DATE '1995-01-01' + (${expression})::int` : `DATE '1995-01-01' + INTERVAL (${expression}) DAY`;
const valuesOf = (
  n: string,
  postgresql: boolean,
) => `${n}, ${n} % 200000, ${n} % 10000, ${n} % 7, ${n} % 50, ${n} % 90000 + 0.25, 0.05, 0.02,
  'N', 'O', ${day(`${n} % 2500`, postgresql)}, ${day(`${n} % 2400`, postgresql)}, ${day(`${n} % 2300`, postgresql)},
    'DELIVER IN PERSON', 'TRUCK',
  'carefully final deposits sleep furiously'`;

const pgServer = await startPostgres({ own: true });
if ('missing' in pgServer) throw new Error(pgServer.missing);
const client = new pg.Client(pgServer);
await client.connect();
await client.query(
  `CREATE TABLE lineitem (${COLUMNS}); INSERT INTO lineitem SELECT ${valuesOf('n', true)} FROM generate_series(1, ${rows}) n`,
);
await client.query('VACUUM ANALYZE lineitem');
const sink = connect(postgres as never, configOf(pgServer), tools);
await compare('PostgreSQL to PostgreSQL', sink, 'public.lineitem', `psql -c 'COPY lineitem TO STDOUT'`);

const myServer = await startMariadb({ own: true });
if ('missing' in myServer) console.log(myServer.missing);
else {
  const my = await mysql.createConnection(configOf(myServer));
  await my.query(`CREATE TABLE lineitem (${COLUMNS})`);
  await my.query(`INSERT INTO lineitem SELECT ${valuesOf('seq', false)} FROM seq_1_to_${rows}`);
  await my.end();
  const source = connect(maria as never, configOf(myServer), tools);
  const login = `-h 127.0.0.1 -P ${myServer.port} -u ${myServer.user} -p${myServer.password} ${myServer.database}`;
  const dump = `mariadb -q --batch -N ${login} -e 'SELECT * FROM lineitem'`;
  await compare('MariaDB to PostgreSQL', source, 'lineitem', dump);
  await myServer.stop();
}
await client.end();
await sink.close();
await pgServer.stop();

function configOf({ host, port, user, password, database }: TestDatabase) {
  return { host, port, user, password, database };
}

async function compare(title: string, source: Connector, name: string, dump: string): Promise<void> {
  const found = (await source.discover(never)).find((stream) => stream.name === name)!;
  const results: { ours: number; theirs: number; cpu: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    await client.query(`DROP TABLE IF EXISTS piped; DROP TABLE IF EXISTS carried; DROP TABLE IF EXISTS _weir_owned, _weir_checkpoint`);
    await client.query(`CREATE TABLE piped (${COLUMNS}); CHECKPOINT`);
    const theirs = pipe(dump);
    await client.query('CHECKPOINT');
    const cpu = process.cpuUsage();
    const start = performance.now();
    await carry(source, found);
    const ours = performance.now() - start;
    const used = process.cpuUsage(cpu);
    // The first round warms caches and code.
    if (round > 0) results.push({ ours, theirs, cpu: (used.user + used.system) / rows });
  }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  const rate = (ms: number) => `${Math.round(rows / ms)} k rows/s`;
  console.log(
    `${title}: ${rate(median(results.map((r) => r.ours)))}, the pipe ${rate(median(results.map((r) => r.theirs)))}; wall × ` +
      `${median(results.map((r) => r.theirs / r.ours)).toFixed(2)},
        CPU ${median(results.map((r) => r.cpu)).toFixed(2)} s per million rows, ` +
      `peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
  );
}

function pipe(dump: string): number {
  const { host, port, user, password, database } = pgServer as TestDatabase;
  const start = performance.now();
  execFileSync('sh', ['-c', `${dump} | psql -q -c 'COPY piped FROM STDIN'`], {
    env: { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: database },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return performance.now() - start;
}

async function carry(source: Connector, stream: StreamSchema): Promise<void> {
  const session = await sink.sink!.open(
    {
      pipeline: 'bench',
      stream: stream.name,
      run: 'r',
      epoch: 1,
      namespace: 'public',
      table: 'carried',
      schema: stream,
      write: 'append',
      key: [],
      adopt: false,
      allowEmpty: false,
    },
    never,
  );
  const batches = source.source!.read({ stream, mode: { type: 'full' }, batchBytes: 1 << 20 }, never);
  for await (const batch of batches) await session.write(batch, never);
  await session.commit(null, never);
  await session.close();
}
