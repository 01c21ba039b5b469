/** A role process: waits for the supervisor's word, loads its role, runs it. */
import { Worker } from 'node:worker_threads';
import { runRoleProcess } from '../supervisor/role-process.ts';
import { clock, openLog } from './common.ts';
import type { RoleConfig } from './config.ts';
import { entryUrl } from './entry.ts';

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
  runRoleProcess(
    async (role, given, note) => {
      const config = given as RoleConfig;
      const own = openLog(role, config.config.logLevel);
      switch (role) {
        case 'control':
          return (await import('./control.ts')).startControlRole(config, own, note);
        case 'gateway':
          return (await import('./gateway.ts')).startGatewayRole(config, own);
        case 'worker':
          return (await import('./worker.ts')).startWorkerRole(config, own);
        case 'sample':
          return (await import('./sample.ts')).startSampleRole(config, own);
        default:
          throw new Error(`there is no role "${role}"`);
      }
    },
    (given) => (given as RoleConfig | undefined)?.config.gateway.drain ?? 3_000,
    clock,
    log,
  );
}
