/** A role process: waits for the supervisor's word, loads its role (a spare: every role), runs it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { runRoleProcess } from '../supervisor/role-process.ts';
import { clock, openLog } from './common.ts';
import type { RoleConfig } from './config.ts';
import { entryUrl } from './entry.ts';
import { createWarmThreads, type WarmThreads } from './warm-threads.ts';

/** Runs the role the supervisor names; never returns. */
export function runRole(): void {
  const log = openLog('start', 'info');
  process.on('unhandledRejection', (error) => {
    log.error('a promise was left without a handler; the process ends and is started again', {
      error: (error as Error)?.stack ?? String(error),
    });
    process.exit(1);
  });
  new Worker(entryUrl('watchdog-thread'), { workerData: { parent: process.ppid }, name: 'watchdog' }).unref();
  const warm = createWarmThreads(log);
  runRoleProcess({
    async start(role, given, note) {
      nameProcess(role);
      const running = await startRole(role, given as RoleConfig, note, warm);
      warm.close();
      return running;
    },
    prepare: async (given) => {
      const role = given as RoleConfig;
      if (role.config.roles.includes('gateway')) (await import('./gateway.ts')).warmGatewayThreads(role, warm);
      await Promise.all([import('./control.ts'), import('./worker.ts'), import('./sample.ts')]);
      (await import('../dataapi/schema-check.ts')).prepareValueChecks();
    },
    graceMs: (given) => (given as RoleConfig | undefined)?.config.gateway.drain ?? 3_000,
    clock,
    log,
  });
}

async function startRole(role: string, config: RoleConfig, note: (name: string, value: unknown) => void, warm: WarmThreads) {
  const log = openLog(role, config.config.logLevel);
  switch (role) {
    case 'control':
      return (await import('./control.ts')).startControlRole(config, log, note);
    case 'gateway':
      return (await import('./gateway.ts')).startGatewayRole(config, log, warm);
    case 'worker':
      return (await import('./worker.ts')).startWorkerRole(config, log);
    case 'sample':
      return (await import('./sample.ts')).startSampleRole(config, log);
    default:
      throw new Error(`there is no role "${role}"`);
  }
}

/** A process that was the spare shows the role's name in lists of processes, as one that was made for the role does. */
function nameProcess(role: string): void {
  if (process.argv.at(-1) === role) return;
  process.argv[process.argv.length - 1] = role;
  const name = '/proc/self/comm';
  const comm = existsSync(name) ? readFileSync(name, 'utf8') : undefined;
  process.title = [process.argv0, ...process.execArgv, ...process.argv.slice(1)].join(' ');
  if (comm !== undefined) writeFileSync(name, comm); // The short name, which the title overwrote.
}
