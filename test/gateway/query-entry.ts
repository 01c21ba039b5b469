/** Entry of a query thread for tests of the role: answers each port with the entries and listener ports it knows; `die` on a port ends it. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { ToQueryThread } from '../../src/sdk/query-thread.ts';

const known = new Map<string, string>();
let listenerPorts: readonly number[] = [];
parentPort!.on('message', (message: ToQueryThread) => {
  if (message.type === 'close') return void parentPort!.close();
  if (message.type === 'port') return serve(message.port);
  if (message.type === 'listener-ports') return void (listenerPorts = message.ports);
  for (const key of message.remove) known.delete(key);
  for (const entry of message.put) known.set(entry.key, entry.hash);
});

function serve(port: MessagePort): void {
  port.on('message', (asked: string) => {
    if (asked === 'die') process.exit(7);
    port.postMessage([...[...known.keys()].sort(), ...listenerPorts.map((each) => `port ${each}`)]);
  });
}
