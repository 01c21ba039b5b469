/** The gateway process's query thread: started, fed with connections, brought back, and linked to socket threads. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { FromQueryThread, ToQueryThread } from '../sdk/query-thread.ts';
import type { RevisionDelta } from '../sdk/revision.ts';
import { type KeptThread, keepThread } from './kept-thread.ts';

export interface QueryLinkOptions {
  readonly entry: URL;
  readonly clock: Clock;
  readonly log: Log;
  /** All `connection` entries, as a delta from 0. */
  everything(): RevisionDelta;
  /** The thread came back: every socket thread needs a new port. */
  onRestart(): void;
}

export interface QueryLink {
  /** A port for one socket thread; the other end is with the query thread. */
  newClient(): MessagePort;
  /** Passes on what a delta says of connections. */
  apply(delta: RevisionDelta): void;
  stop(graceMs: number): Promise<void>;
}

/** Starts the query thread and keeps it. */
export function createQueryLink(options: QueryLinkOptions): QueryLink {
  let starts = 0;
  let sent = 0;
  const everything = () => {
    const all = options.everything();
    sent = all.to;
    kept.send({ type: 'revision', delta: all });
  };
  let early: MessagePort[] = [];
  const kept: KeptThread<ToQueryThread, FromQueryThread> = keepThread<ToQueryThread, FromQueryThread>({
    start: () => new Worker(options.entry, { workerData: { kind: 'weir-query-thread' }, name: 'query' }),
    clock: options.clock,
    log: options.log.with({ thread: 'query' }),
    onMessage(message) {
      if (message.type === 'stopped') kept.end();
    },
    onStart() {
      everything();
      for (const port of early) kept.send({ type: 'client', port }, [port]);
      early = [];
      if (starts++ > 0) options.onRestart();
    },
  });
  return {
    newClient() {
      const { port1, port2 } = new MessageChannel();
      // Before the first start the port waits; while the thread is down it closes, and `onRestart` brings a new one.
      if (!kept.send({ type: 'client', port: port1 }, [port1])) {
        if (starts === 0) early.push(port1);
        else port1.close();
      }
      return port2;
    },
    apply(delta) {
      const put = delta.put.filter((entry) => entry.type === 'connection');
      const remove = delta.remove.filter((key) => key.startsWith('connection/'));
      if (delta.from === 0) everything();
      else if (put.length + remove.length > 0) {
        kept.send({ type: 'revision', delta: { ...delta, from: sent, put, remove } });
        sent = delta.to;
      }
    },
    async stop(graceMs) {
      kept.stop({ type: 'stop', graceMs });
      await kept.ended(graceMs + 1000);
    },
  };
}
