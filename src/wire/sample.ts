/** The sample's outside world as a role: its CRM and the ticker that changes its ERP. */
import path from 'node:path';
import type { Log } from '../base/log.ts';
import { startCrm } from '../sample/crm.ts';
import { startTicker } from '../sample/ticker.ts';
import type { RunningRole } from '../supervisor/role-process.ts';
import { clock, random } from './common.ts';
import type { RoleConfig } from './config.ts';
import { readSamplePlaces, SAMPLE_FOLDER } from './sample-places.ts';

const TICK_MS = 2_000;

/** Starts CRM and ticker. */
export async function startSampleRole(role: RoleConfig, log: Log): Promise<RunningRole> {
  const places = readSamplePlaces(role.dataFolder);
  const server = await startCrm(places.crmPort);
  const stopTicker = startTicker(path.join(role.fileRoots[0]!, SAMPLE_FOLDER, 'erp.db'), clock, random, TICK_MS);
  log.info('the sample’s CRM listens', { port: places.crmPort });
  return {
    async stop() {
      stopTicker();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
