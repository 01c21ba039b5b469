/** Entry of a socket thread of the gateway. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { auth } from '../../generated/auth.ts';
import { policies } from '../../generated/policies.ts';
import { createRunner } from '../dataapi/runner.ts';
import { prepareValueChecks } from '../dataapi/schema-check.ts';
import { createEngine } from '../gateway/http/engine.ts';
import { runGatewayThread } from '../gateway/thread.ts';
import type { GatewayThreadData } from '../gateway/thread-messages.ts';
import { writeCompiledCode } from '../supervisor/compiled-code.ts';
import { clock, newId, openLog, random } from './common.ts';
import { type ThreadConfig, whenNeeded } from './entry.ts';
const begin = (data: unknown, config: ThreadConfig): void =>
  runGatewayThread({
    data: data as GatewayThreadData,
    parent: parentPort as MessagePort,
    registry: { policies, auth, connectors: new Map(), discovery: new Map() },
    createRunner: (port) => createRunner({ port, clock }),
    createEngine: (options) => createEngine({ ...options, ownPorts: new Set(config.ownPorts) }),
    clock,
    random,
    newId,
    log: openLog('gateway', config.logLevel),
  });
writeCompiledCode();
whenNeeded(begin, prepareValueChecks);
