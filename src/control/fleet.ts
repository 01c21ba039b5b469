/**
 * The role processes connected to control: who holds which revision, and the lines to them.
 * A hello is answered with what is missing; each new revision goes to everybody at once.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Channel, FromControl, MetricsJson, ThreadState, ToControl } from '../sdk/channel.ts';
import { entryKey } from '../sdk/revision.ts';
import type { UpstreamHealth } from '../sdk/target-health.ts';
import type { FleetStatus, UpstreamSum } from './api/parts.ts';
import type { CallWriter } from './call-writer.ts';
import { createCollector } from './collector.ts';
import type { DivergenceIncidents } from './divergence-incidents.ts';
import { createLostCalls } from './lost-calls.ts';
import type { Publisher } from './publish/publisher.ts';
import { createGatewayTargets, type GatewayTargets, sumTargets } from './target-health.ts';

export type RoleChannel = Channel<ToControl, FromControl>;

/** The newest revision and the way to it. */
export type Revisions = Pick<Publisher, 'number' | 'hashes' | 'entry' | 'deltaFor' | 'onRevision' | 'retryPending'>;

export interface Fleet {
  /** Takes a new line. */
  accept(channel: RoleChannel): void;
  status(): FleetStatus;
  /** The targets of an upstream of the newest revision, summed over all threads. */
  upstreamHealth(project: string, name: string): UpstreamSum;
  /** What each thread says of the upstream `project/name`. */
  threadsOf(key: string): readonly UpstreamHealth[];
  /** Metrics of all processes that answer within two seconds. */
  collect(): Promise<MetricsJson[]>;
  /** Tells every worker that a run waits. */
  runsWaiting(): void;
  close(): void;
}

interface Node {
  readonly channel: RoleChannel;
  readonly role: 'gateway' | 'worker';
  readonly instance: string;
  readonly pid: number;
  readonly since: number;
  /** Revision that was sent last, and its hash. */
  sent: { readonly number: number; readonly hash: string | undefined };
  threads: readonly ThreadState[];
  /** Call records in its memory, as it last said. */
  callsWaiting: number;
  readonly targets: GatewayTargets;
}

export interface FleetNeeds {
  readonly revisions: Revisions;
  readonly calls: CallWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly changed?: (nodes: readonly { role: string }[]) => void;
  /** Where threads stand, against what they were sent. */
  readonly divergence?: DivergenceIncidents;
  /** Something is new of the targets of these upstreams (`project/name`). */
  readonly targetsChanged?: (keys: readonly string[]) => void;
}

/** Makes the fleet and follows `revisions`. */
export function createFleet(needs: FleetNeeds): Fleet {
  const { revisions, calls, clock, log } = needs;
  const nodes = new Map<RoleChannel, Node>();
  const lines = new Set<RoleChannel>();
  const lost = createLostCalls(clock, calls.killed);
  const collector = createCollector(clock);
  const changed = () => needs.changed?.([...nodes.values()]);

  function hello(channel: RoleChannel, message: Extract<ToControl, { type: 'hello' }>): void {
    const { role, instance, pid, revision, hash } = message;
    const sent = { number: revision, hash };
    const targets = createGatewayTargets();
    const node: Node = { channel, role, instance, pid, since: clock.now(), sent, threads: [], callsWaiting: 0, targets };
    nodes.set(channel, node);
    lost.back(instance);
    log.info('a role connected', { role, instance, pid, revision });
    changed();
    sendRevision(revisions, node, true); // Also when it has everything: the answer says where its threads stand.
    channel.send({ type: role === 'worker' ? 'runs-waiting' : 'targets-wanted' });
  }

  function receive(channel: RoleChannel, message: ToControl): void {
    if (message.type === 'hello') return hello(channel, message);
    const node = nodes.get(channel);
    if (!node) return channel.close();
    if (message.type === 'applied') takeApplied(node, message.threads, needs.divergence);
    else if (message.type === 'calls') takeCalls(calls, node, message);
    else if (message.type === 'targets') takeTargets(node, message, needs.targetsChanged);
    else if (message.type === 'metrics') collector.answer(message.id, message.metrics);
    else if (message.type === 'run-finished') revisions.retryPending();
  }

  const unfollow = revisions.onRevision(() => {
    for (const node of nodes.values()) sendRevision(revisions, node);
  });

  return {
    accept(channel) {
      lines.add(channel);
      channel.onMessage((message) => receive(channel, message));
      channel.onClose(() => {
        lines.delete(channel);
        collector.gone(channel);
        const node = nodes.get(channel);
        if (node) lost.left(node.instance, node.callsWaiting);
        if (node) needs.targetsChanged?.(node.targets.keys());
        if (node) needs.divergence?.gone(node.instance);
        if (node && nodes.delete(channel)) log.warn('a role left', { role: node.role, instance: node.instance, pid: node.pid });
        changed();
      });
    },
    status: () => ({ revision: revisions.number, hash: revisions.hashes.all, nodes: [...nodes.values()].map(shownNode) }),
    threadsOf: (key) => [...nodes.values()].flatMap(({ targets }) => targets.of(key)),
    upstreamHealth: (project, name) => upstreamHealth(revisions, [...nodes.values()], project, name),
    async collect() {
      const answers = await Promise.all([...nodes.values()].map(({ channel }) => collector.ask(channel)));
      return answers.filter((metrics) => metrics !== undefined);
    },
    runsWaiting() {
      for (const { role, channel } of nodes.values()) if (role === 'worker') channel.send({ type: 'runs-waiting' });
    },
    close() {
      unfollow();
      lost.close();
      for (const line of lines) line.close();
    },
  };
}

function upstreamHealth(revisions: Revisions, nodes: readonly Node[], project: string, name: string): UpstreamSum {
  const entry = revisions.entry(entryKey('upstream', project, name));
  const threads = nodes.flatMap(({ targets }) => targets.of(`${project}/${name}`));
  return {
    threads: threads.length,
    targets: entry?.type === 'upstream' ? sumTargets(entry.value, threads) : [],
    discoveryFailure: threads.find((thread) => thread.discoveryFailure !== '')?.discoveryFailure ?? null,
  };
}

function shownNode({ role, instance, pid, since, threads }: Node): FleetStatus['nodes'][number] {
  return { role, instance, pid, since, threads };
}

function takeApplied(node: Node, threads: readonly ThreadState[], divergence: DivergenceIncidents | undefined): void {
  node.threads = threads;
  if (node.role === 'gateway') divergence?.seen(node.instance, threads, node.sent);
}

function takeTargets(node: Node, message: Extract<ToControl, { type: 'targets' }>, changed?: (keys: readonly string[]) => void): void {
  node.targets.take(message);
  changed?.(message.upstreams.map(({ key }) => key));
}

function takeCalls(
  writer: CallWriter,
  node: Node,
  { calls, bytes, dropped, killed, waiting }: Extract<ToControl, { type: 'calls' }>,
): void {
  node.callsWaiting = waiting;
  writer.killed(killed);
  writer.add({ ...calls, bytes: bytes.map(shared) }, dropped);
}

/**
 * A copy that threads can read without another one. What came on a line lies in pieces of the line's, which a part that is kept
 * would hold whole.
 */
function shared(part: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(part.length));
  copy.set(part);
  return copy;
}

function sendRevision(revisions: Revisions, node: Node, always = false): void {
  const { number, hash } = node.sent;
  const delta = revisions.deltaFor(node.role, number, hash);
  if (!always && delta.to === number && delta.hash === hash) return;
  if (node.channel.send({ type: 'revision', delta })) node.sent = { number: delta.to, hash: delta.hash };
  else node.channel.close(); // It dials again and says what it has.
}
