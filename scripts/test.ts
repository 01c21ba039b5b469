/**
 * `npm test`: sets up what the tests need, then runs them all. One PostgreSQL and one MariaDB are
 * started and shared (test/servers.ts); where we are root on Debian and MariaDB is missing, it is
 * installed. Arguments after `--` are file patterns to run instead of all.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureConsole } from '../bin/console.cjs';
import { launchMariadb } from '../test/servers/mariadb.ts';
import { launchPostgres } from '../test/servers/postgres.ts';
import type { Launched } from '../test/servers/process.ts';

const root = path.resolve(import.meta.dirname, '..');
const TEST_TIMEOUT_MS = 300_000;

/** Installs Debian's databases and browser where that is possible; never starts or stops their services. */
function installDebianParts(): void {
  const wanted = [
    { file: '/usr/sbin/mariadbd', name: 'mariadb-server' },
    { file: '/usr/bin/psql', name: 'postgresql-client' },
    { file: '/usr/bin/chromium', name: 'chromium' },
    { file: '/usr/sbin/nginx', name: 'nginx-light' },
    { file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc', name: 'fonts-noto-cjk' },
  ].filter(({ file }) => !existsSync(file));
  if (wanted.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const names = wanted.map(({ name }) => name);
  process.stderr.write(`installing ${names.join(', ')} for the tests …\n`);
  const run = (args: string[]) =>
    execFileSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, // In which no service is started.
      timeout: 600_000,
    });
  try {
    run(['update', '-qq']);
    run(['install', '-y', '-qq', '--no-install-recommends', ...names]);
  } catch (error) {
    process.stderr.write(`could not install them: ${(error as Error).message}\n`);
  }
}

/** The server in the form test/servers.ts reads from the environment. */
async function share(launch: () => Promise<Launched | { missing: string }>): Promise<{ json: string; stop: () => Promise<void> }> {
  const server = await launch();
  if ('missing' in server) {
    process.stderr.write(`SKIP: ${server.missing}\n`);
    return { json: JSON.stringify(server), stop: async () => {} };
  }
  const { stop, ...rest } = server;
  return { json: JSON.stringify(rest), stop: stop! };
}

installDebianParts();
const notBuilt = await ensureConsole(root);
if (notBuilt) process.stderr.write(`${notBuilt}\n`);
const patterns = process.argv.slice(2).filter((a) => a !== '--');
const files = globSync(
  patterns.length > 0 ? patterns : ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts', 'console/src/**/*.test.ts'],
  { cwd: root },
).sort();
const [postgres, mariadb] = await Promise.all([share(launchPostgres), share(launchMariadb)]);
const record = path.join(mkdtempSync(path.join(tmpdir(), 'weir-tests-')), 'tests.tap');
const reporters = ['spec', 'tap'].flatMap((name) => [
  `--test-reporter=${name}`,
  `--test-reporter-destination=${name === 'spec' ? 'stdout' : record}`,
]);
const child = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--test', `--test-timeout=${TEST_TIMEOUT_MS}`, '--test-concurrency=2', ...reporters, ...files],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, WEIR_TEST_POSTGRES: postgres.json, WEIR_TEST_MARIADB: mariadb.json },
  },
);
const code = await new Promise<number>((resolve) => child.once('exit', (exit, signal) => resolve(signal ? 1 : (exit ?? 1))));
await Promise.all([postgres.stop(), mariadb.stop()]);
process.exit(code === 0 && process.env['CI'] === 'true' ? refuseSkips(readFileSync(record, 'utf8')) : code);

/** CI has everything the tests need: a skip there is a test that does not run. */
function refuseSkips(tap: string): number {
  const skipped = tap.split('\n').filter((line) => /^\s*ok \d+ .* # SKIP/.test(line));
  for (const line of skipped) process.stderr.write(`CI forbids skips: ${line.trim()}\n`);
  return skipped.length > 0 ? 1 : 0;
}
