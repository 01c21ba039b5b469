/**
 * The program of an engine thread: owns engines whose queries block (SQLite) and runs one query at a time.
 * It can be stopped at any moment by the query thread; nothing is lost, since it only reads.
 */
import { wordsOf } from '../base/problem.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { QueryFailure } from '../sdk/query.ts';
import { createFailureLog } from './failure-log.ts';
import { createEngines, type OpenEngine } from './engines.ts';
import { type EngineThreadMessage, type QueryReplyMessage, transferOf } from './protocol.ts';

/** The part of a MessagePort (or parentPort) that is used here. */
export interface EnginePort {
  postMessage(value: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: 'message', listener: (message: never) => void): unknown;
  close?(): void;
}

/** Serves `port` until it is told to close. */
export function runEngineThread(options: {
  readonly port: EnginePort;
  readonly open: OpenEngine;
  readonly clock: Clock;
  readonly log: Log;
}): void {
  const { port, open, clock, log } = options;
  const engines = createEngines(open, log, () => 1);
  const logFailure = createFailureLog(log, clock);
  const run = async (message: EngineThreadMessage & { type: 'run' }): Promise<QueryReplyMessage> => {
    const { call, info, values, pageRows } = message;
    try {
      const limits = pageRows > 0 ? { ...info.limits, pageRows } : info.limits;
      const signal = new AbortController().signal; // A blocked thread hears no cancel: the query thread stops it instead.
      const result = await engines.use(info.connection, info.dialect, (e) => e.run(info.shape, values, limits, info.sortColumns, signal));
      return { type: 'rows', call, ...result };
    } catch (error) {
      const reason = error instanceof QueryFailure ? error.reason : 'failed';
      logFailure(info.connection, error);
      return { type: 'failure', call, reason, detail: wordsOf(error) };
    }
  };
  port.on('message', (message: EngineThreadMessage) => {
    if (message.type === 'connections') engines.set(message.all);
    else if (message.type === 'run') void run(message).then((reply) => port.postMessage(reply, transferOf(reply)));
    else void engines.close().finally(() => port.close?.());
  });
}
