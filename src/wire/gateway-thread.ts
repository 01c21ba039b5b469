/** Entry of a socket thread of the gateway. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { auth } from '../../generated/auth.ts';
import { policies } from '../../generated/policies.ts';
import { createRunner } from '../dataapi/runner.ts';
import { createEngine } from '../gateway/http/engine.ts';
import { runGatewayThread } from '../gateway/thread.ts';
import { keepCompiledCode } from '../supervisor/compiled-code.ts';
import { clock, newId, openLog, random } from './common.ts';
import { threadConfig } from './entry.ts';
const config = threadConfig();
keepCompiledCode(clock);
runGatewayThread({
  data: workerData,
  parent: parentPort as MessagePort,
  registry: { policies, auth, connectors: new Map() },
  createRunner: (port) => createRunner({ port, clock }),
  createEngine: (options) => createEngine({ ...options, ownPorts: new Set(config.ownPorts) }),
  clock,
  random,
  newId,
  log: openLog('gateway', config.logLevel),
});
