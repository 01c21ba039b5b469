/**
 * The gateway role of a process: starts the socket threads and the query thread, feeds them revisions,
 * gathers what they say, brings back those that die, and stops them in order.
 *
 *   control ══ channel ══▶ role ──▶ thread 1 … N (one port shared by reusePort)
 *                           └────▶ query thread ◀── a MessagePort per socket thread
 */
import { verbatim } from '../base/text.ts';
import { type Clock, machineClockOffsetMs } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ControlChannel, FromControl, MetricsJson, ThreadState } from '../sdk/channel.ts';
import type { DiscoveryComponent } from '../sdk/discovery.ts';
import type { RevisionDelta } from '../sdk/revision.ts';
import { createCounterBuffer, openCounters } from '../sdk/shared-counters.ts';
import { createCallOutbox } from './call-outbox.ts';
import type { DefaultListener, EngineLimits } from './contract.ts';
import { createAdmissionMemory, forgetThread } from './http/admission.ts';
import { HeldEntries } from './held-entries.ts';
import metricSpecs from './metrics.ts';
import gatewayProblems from './problems.ts';
import { packDelta } from './revision-change.ts';
import { createMetricsCollector, type MetricsCollector } from './metrics-collector.ts';
import { metricJson } from './metrics-json.ts';
import type { FromThread, GatewayThreadData, ToThread } from './thread-messages.ts';
import { createNames, systemResolve } from './upstream/names.ts';
import { createProbe } from './watch/probe.ts';
import { createUpstreamWatch, type UpstreamWatch, type UpstreamWatchOptions } from './watch/upstream-watch.ts';
import { createTargetOutbox } from './target-outbox.ts';
import { createQueryLink, type QueryLink } from './query-link.ts';
import { GATEWAY_MEMORY, keepThread, type KeptThread, type NewThread, newThread } from './kept-thread.ts';

export interface GatewayOptions {
  /** The line to control; it survives control's restarts by itself. */
  readonly channel: ControlChannel;
  /** Id of this process, for hello and metrics. */
  readonly instance: string;
  readonly pid: number;
  /** Entry of a socket thread: a file that calls `runGatewayThread`. */
  readonly threadEntry: URL;
  /** Entry of the query thread; data APIs answer 503 without one. */
  readonly queryThread?: URL;
  /** Starts each thread; a new one each time when left out. */
  readonly newThread?: NewThread;
  readonly threads: number;
  readonly listener: DefaultListener;
  /** How long connections of a closed listener may take to end. */
  readonly drainMs: number;
  /** How long one key makes TLS session tickets. */
  readonly ticketKeyAgeMs: number;
  readonly limits: EngineLimits;
  /** Rate-limit buckets of the node. */
  readonly counters: number;
  /** Call records a thread keeps until they are collected. */
  readonly callsBuffered: number;
  /** What the process says of itself: CPU, memory, build. */
  readonly processMetrics?: () => Promise<MetricsJson>;
  /** How targets of upstreams can be found; none when left out. */
  readonly discoveries?: ReadonlyMap<string, DiscoveryComponent>;
  /** Addresses that health checks must not call, with the ports of Listener resources; none when left out. */
  readonly isRefused?: (address: string, port: number, listenerPorts: ReadonlySet<number>) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Gateway {
  /** Resolves with the port when every thread serves the first revision; rejects when it cannot listen. */
  readonly ready: Promise<number>;
  /** Drains for at most `graceMs`, sends the last call records and ends every thread. Safe to call twice. */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

/** Name, authentication and encryption key of a ticket. */
const TICKET_KEY_BYTES = 48;
const FLUSH_MS = 100;
/** Repeats what every thread serves: an answer lost with a control that was restarted is made good. */
const REPORT_EVERY_MS = 5000;

interface Slot {
  readonly index: number;
  kept: KeptThread<ToThread>;
  state: ThreadState | undefined;
  port: number | undefined;
  asked: boolean;
  stopped: boolean;
  /** Call records the thread made, counted by itself, and those that came from it; both modulo 2^32. */
  readonly made: Int32Array<SharedArrayBuffer>;
  taken: number;
}

/** Starts the role. Answers at once; see `ready`. */
export function startGateway(options: GatewayOptions): Gateway {
  const ready = Promise.withResolvers<number>();
  ready.promise.catch(() => {}); // Who does not await it still sees the log line.
  const role = new Role(options, ready);
  role.start();
  return { ready: ready.promise, stop: ({ graceMs }) => role.stop(graceMs) };
}

/** Holds the role's moving parts; one per process. */
class Role {
  private readonly options: GatewayOptions;
  private readonly ready: PromiseWithResolvers<number>;
  private readonly entries = new HeldEntries();
  private readonly outbox;
  private readonly targets = createTargetOutbox();
  private readonly counters: SharedArrayBuffer;
  private readonly admission: Int32Array<SharedArrayBuffer>;
  private ticketKey: Uint8Array;
  private readonly countersSinceMs: number;
  private readonly listenerPorts = new Set<number>();
  private readonly slots: Slot[] = [];
  private readonly divergences = new Map<string, number>();
  private readonly collector: MetricsCollector;
  private readonly watch: UpstreamWatch;
  private query: QueryLink | undefined;
  private port: number;
  private dropped = 0;
  private connectionsLost = 0;
  private served = false;
  private cancelTimers = () => {};
  private stopping: Promise<void> | undefined;

  constructor(options: GatewayOptions, ready: PromiseWithResolvers<number>) {
    this.options = options;
    this.ready = ready;
    this.port = options.listener.port;
    this.admission = createAdmissionMemory(options.threads, options.random);
    this.ticketKey = options.random.bytes(TICKET_KEY_BYTES);
    this.collector = createMetricsCollector(options.clock);
    this.watch = openWatch(options, this.listenerPorts, (facts) => this.slots.forEach((slot) => slot.kept.send({ type: 'facts', facts })));
    this.outbox = createCallOutbox(options.callsBuffered * 2);
    this.counters = createCounterBuffer(options.counters, options.random);
    this.countersSinceMs = options.clock.monotonic() + machineClockOffsetMs();
  }

  start(): void {
    const { options } = this;
    if (options.queryThread) {
      this.query = createQueryLink({
        entry: options.queryThread,
        newThread: options.newThread,
        clock: options.clock,
        log: options.log,
        onRestart: () => this.slots.forEach((slot) => this.linkQuery(slot)),
      });
    }
    for (let index = 0; index < options.threads; index++) this.startThread(index);
    const cancels = [
      options.clock.every(FLUSH_MS, () => this.flush(), { unref: true }),
      options.clock.every(REPORT_EVERY_MS, () => this.report(), { unref: true }),
      options.clock.every(options.ticketKeyAgeMs, () => this.renewTicketKey(), { unref: true }),
    ];
    this.cancelTimers = () => cancels.forEach((cancel) => cancel());
    options.channel.onMessage((message) => this.onControl(message));
    this.hello();
  }

  private hello(): void {
    const { channel, instance, pid } = this.options;
    channel.send({ type: 'hello', role: 'gateway', instance, pid, revision: this.entries.revision });
  }

  private onControl(message: FromControl): void {
    if (message.type === 'collect') return void this.collect(message.id);
    if (message.type === 'targets-wanted') return this.targets.tellAll();
    if (message.type !== 'revision') return;
    if (!this.entries.apply(message.delta)) return this.askForEverything('order');
    if (this.entries.hash !== this.entries.wantedHash) {
      // A whole revision that is wrong is passed on all the same: asking for it again at once would have no end.
      if (message.delta.from !== 0) return this.askForEverything('process');
      this.countDivergence('process');
    }
    this.noteListenerPorts(message.delta);
    const order = packDelta(message.delta);
    for (const slot of this.slots) slot.kept.send({ type: 'revision', ...order });
    this.query?.apply(message.delta);
    this.watch.apply(message.delta);
  }

  private startThread(index: number): void {
    const { options } = this;
    const made = new Int32Array(new SharedArrayBuffer(4));
    const data: GatewayThreadData = {
      kind: 'weir-gateway-thread',
      thread: index,
      limits: options.limits,
      admission: this.admission,
      drainMs: options.drainMs,
      callsBuffered: options.callsBuffered,
      callsMade: made,
      counters: this.counters,
      countersSinceMs: this.countersSinceMs,
    };
    const slot: Slot = { index, made, taken: 0, kept: undefined as never, state: undefined, port: undefined, asked: false, stopped: false };
    slot.kept = keepThread<ToThread, FromThread>({
      start: () =>
        (options.newThread ?? newThread)(options.threadEntry, {
          workerData: data,
          name: `gateway-${index}`,
          resourceLimits: GATEWAY_MEMORY,
        }),
      clock: options.clock,
      log: options.log.with({ thread: index }),
      onMessage: (message) => this.onThread(slot, message),
      onDeath: () => {
        this.outbox.killed(waitingIn(slot));
        slot.taken = slot.made[0]!;
        this.targets.ended(index);
        this.collector.ended(index, (project, route) => this.entries.has('route', project, route));
        Object.assign(slot, { state: undefined, port: undefined, asked: false });
        this.connectionsLost += forgetThread(this.admission, index);
      },
      onStart: () => {
        slot.kept.send({ type: 'ticket-key', key: this.ticketKey });
        this.linkQuery(slot);
        if (this.entries.revision === 0) return;
        this.sendEverything(slot);
        slot.kept.send({ type: 'facts', facts: this.watch.all() });
      },
    });
    this.slots.push(slot);
  }

  private noteListenerPorts({ from, put, remove }: RevisionDelta): void {
    if (from !== 0 && !put.some(({ type }) => type === 'listener') && !remove.some((key) => key.startsWith('listener/'))) return;
    this.listenerPorts.clear();
    for (const entry of this.entries.everything().put) if (entry.type === 'listener') this.listenerPorts.add(entry.value.port);
    this.query?.useListenerPorts([...this.listenerPorts]);
  }

  private askForEverything(reason: string): void {
    this.countDivergence(reason);
    this.entries.clear();
    this.hello(); // From revision 0: control sends everything.
  }

  private countDivergence(reason: string): void {
    this.divergences.set(reason, (this.divergences.get(reason) ?? 0) + 1);
    this.options.log.warn('a revision is not what it should be and is sent anew', { reason, revision: this.entries.revision });
  }

  /** Control is told at once, before the thread is well again: it raises the alert. */
  private onDiverged(slot: Slot, { reason, revision, hash }: Extract<FromThread, { type: 'resync' }>): void {
    this.countDivergence(reason);
    if (slot.state && reason === 'hash') {
      slot.state = { ...slot.state, revision, hash };
      this.reportApplied(true);
    }
    this.sendEverything(slot);
  }

  /** A whole revision did not make the thread right, or its word came late: it is given another one from time to time. */
  private healThreads(): void {
    const { revision, wantedHash } = this.entries;
    for (const slot of this.slots) {
      if (slot.state?.revision !== revision || slot.state.hash === wantedHash) continue;
      this.countDivergence('hash');
      this.sendEverything(slot);
    }
  }

  /** While nothing is held control is asked for everything, which goes to all threads. */
  private sendEverything(slot: Slot): void {
    if (this.entries.revision > 0) slot.kept.send({ type: 'revision', ...packDelta(this.entries.everything()) });
  }

  private linkQuery(slot: Slot): void {
    if (!this.query) return;
    const port = this.query.newPort();
    slot.kept.send({ type: 'query-port', port }, [port]);
  }

  private onThread(slot: Slot, message: FromThread): void {
    switch (message.type) {
      case 'applied':
        slot.state = message.state;
        this.listenWhenReady();
        return this.reportApplied(false);
      case 'resync':
        return this.onDiverged(slot, message);
      case 'listening':
        slot.port = this.port = message.port;
        this.listenWhenReady();
        if (!this.slots.every((s) => s.port !== undefined)) return;
        this.served = true;
        return this.ready.resolve(message.port);
      case 'listen-failed':
        return this.listenFailed(slot, message.reason);
      case 'listeners':
        if (slot.state) slot.state = { ...slot.state, listeners: message.listeners };
        return this.reportApplied(false);
      case 'calls':
        this.dropped += message.batch.dropped;
        slot.taken += message.batch.count + message.batch.dropped;
        return this.outbox.add(message.batch);
      case 'targets':
        return this.targets.told(slot.index, message.upstreams);
      case 'metrics':
        return this.collector.answered(slot.index, message.id, message.metrics);
      case 'stopped':
        slot.stopped = true;
        return slot.kept.end();
    }
  }

  /** A thread listens once it serves a revision; while port 0 is open, the first one chooses for all. */
  private listenWhenReady(): void {
    const { listener, threads } = this.options;
    for (const slot of this.slots) {
      if (!slot.state || slot.asked || (this.port === 0 && this.slots.some((s) => s.asked))) continue;
      slot.asked = true;
      slot.kept.send({ type: 'listen', ...listener, port: this.port, reusePort: threads > 1 });
    }
  }

  /** At the start that is for the operator to mend; a thread that came back is tried again from its start. */
  private listenFailed(slot: Slot, reason: string): void {
    const problem = gatewayProblems.raise['listen-failed']({
      values: { host: this.options.listener.host, port: this.port, reason: verbatim(reason) },
    });
    this.options.log.error(problem.message, { code: problem.code });
    this.ready.reject(problem);
    if (this.served) slot.kept.restart();
  }

  private report(): void {
    this.healThreads();
    this.reportApplied(true);
  }

  /** Told to control when all threads stand at the newest revision, and from time to time, so that control sees who does not. */
  private reportApplied(always: boolean): void {
    const threads = this.slots.flatMap((slot) => slot.state ?? []);
    const newest = this.entries.revision;
    const complete = threads.length === this.slots.length && threads.every((t) => t.revision === newest);
    if (complete || (always && threads.length > 0)) this.options.channel.send({ type: 'applied', threads });
  }

  /** One key for all threads: a client that comes back reaches another one as often as not. */
  private renewTicketKey(): void {
    this.ticketKey = this.options.random.bytes(TICKET_KEY_BYTES);
    for (const slot of this.slots) slot.kept.send({ type: 'ticket-key', key: this.ticketKey });
  }

  private async collect(id: number): Promise<void> {
    const threads = this.slots.map((slot) => slot.index);
    const routes = await this.collector.collect(threads, (thread, own) => this.slots[thread]!.kept.send({ type: 'collect', id: own }));
    const process = (await this.options.processMetrics?.()) ?? [];
    this.options.channel.send({ type: 'metrics', id, metrics: [...routes, ...this.ownMetrics(), ...process] });
  }

  private ownMetrics(): MetricsJson {
    const { evictions, lockTakeovers } = openCounters(this.counters, () => 0).stats();
    const failed = Math.max(0, ...this.slots.map((slot) => slot.state?.failed.length ?? 0));
    const values = [
      [metricSpecs.callsDropped, this.dropped + this.outbox.dropped()],
      [metricSpecs.evictions, evictions],
      [metricSpecs.lockTakeovers, lockTakeovers],
      [metricSpecs.threads, this.slots.filter((slot) => slot.port !== undefined).length],
      [metricSpecs.threadRestarts, this.slots.reduce((sum, slot) => sum + slot.kept.restarts(), this.query?.restarts() ?? 0)],
      [metricSpecs.connectionsLost, this.connectionsLost],
      [metricSpecs.failedEntries, failed],
    ] as const;
    const divergences = [...this.divergences].map(([reason, value]) => ({ labels: { reason }, value }));
    const leftOut = this.watch.leftOut().map(({ key, count: value }) => {
      const [project = '', upstream = ''] = key.split('/');
      return { labels: { upstream, project }, value };
    });
    return [
      ...values.map(([spec, value]) => metricJson(spec, [{ labels: {}, value }])),
      metricJson(metricSpecs.divergences, divergences),
      metricJson(metricSpecs.targetsLeftOut, leftOut),
    ];
  }

  private flush(): void {
    const inThreads = this.slots.reduce((sum, slot) => sum + waitingIn(slot), 0);
    this.outbox.flush(this.options.channel, inThreads);
    this.targets.flush(this.options.channel);
  }

  stop(graceMs: number): Promise<void> {
    return (this.stopping ??= this.stopAll(graceMs));
  }

  private async stopAll(graceMs: number): Promise<void> {
    for (const slot of this.slots) slot.kept.stop({ type: 'stop', graceMs });
    await Promise.all(this.slots.map((slot) => slot.kept.ended(graceMs + 1000)));
    await this.query?.stop(graceMs);
    this.cancelTimers();
    this.watch.close();
    this.flush();
    this.ready.reject(new Error('the gateway was stopped'));
  }
}

/** The watch over upstreams, with names and connections of its own. */
function openWatch(
  { clock, random, log, discoveries, isRefused }: GatewayOptions,
  listenerPorts: ReadonlySet<number>,
  tell: UpstreamWatchOptions['tell'],
): UpstreamWatch {
  const names = createNames({ resolve: systemResolve, clock, log });
  const probe = createProbe({ clock, names, isRefused: (address, port) => isRefused?.(address, port, listenerPorts) ?? false });
  return createUpstreamWatch({ discoveries: discoveries ?? new Map(), probe, clock, random, log, tell });
}

/** Call records a thread made that have not come yet. */
function waitingIn({ made, taken }: Slot): number {
  return (Atomics.load(made, 0) - taken) | 0;
}
