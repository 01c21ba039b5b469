/**
 * The gateway's decisions for each exchange: contract.ts `Core` over the thread's current revision.
 *
 *   onRequest: match ▸ auth ▸ plan and route policies ▸ upstream | data API      (pins the revision)
 *   onResponse: response phase          onDone: log phase, metrics, call record, unpin
 */
import type { Clock } from '../base/clock.ts';
import type { NewId } from '../base/id.ts';
import type { Log } from '../base/log.ts';
import { Problem } from '../base/problem.ts';
import type { DataApiRunner } from '../sdk/dataapi.ts';
import type { Answer, ConsumerIdentity, Verdict } from '../sdk/exchange.ts';
import { withoutQueryParameter } from '../sdk/expression.ts';
import type { CallRing } from './call-ring.ts';
import { EndedCall } from './ended-call.ts';
import { runAuth, runLog, runRequest, runResponse } from './chain.ts';
import type { Core, Disposition, Forward, GatewayExchange, Outcome, TargetPool } from './contract.ts';
import type { LivePlan, LiveRoute } from './instances.ts';
import type { GatewayMetrics } from './route-stats.ts';
import gatewayProblems from './problems.ts';
import { admission } from './revision-memory.ts';
import type { LiveRevision } from './revision-state.ts';
import { readParameters, rewritePath, type RouteFound } from './router.ts';
import { Steps } from './story.ts';

const { raise } = gatewayProblems;

export interface CoreOptions {
  /** The revision that serves now. */
  revision(): LiveRevision;
  /** The pool of `project/upstream`; undefined when there is none. */
  pool(key: string): TargetPool | undefined;
  readonly dataApis: DataApiRunner;
  readonly metrics: GatewayMetrics;
  readonly calls: CallRing;
  readonly newId: NewId;
  readonly clock: Clock;
  readonly log: Log;
}

/** What an exchange carries from request to done. */
interface Call {
  readonly revision: LiveRevision;
  readonly route: LiveRoute;
  readonly found: RouteFound<LiveRoute> & { kind: 'found' };
  plan: LivePlan | undefined;
  readonly steps: Steps;
  /** True once the exchange ended: a step that answers later than that decides nothing. */
  isOver: boolean;
  /** Milliseconds a data API took; engines know of upstreams only. */
  dataApiMs: number;
}

/** Only the gateway says who the consumer is: the field of a caller never goes on. */
const CONSUMER_FIELD = 'x-weir-consumer';
/** Answers nobody: the client went away while a step was still deciding. */
const GONE: Disposition = Object.freeze({ kind: 'answer', answer: Object.freeze({ status: 503 }) });

/** Makes the core of one thread. */
export function createCore(options: CoreOptions): Core {
  const ended = new EndedCall();
  const onError = (error: unknown, { route }: GatewayExchange) =>
    options.log.error('log phase failed', { route: `${route.project}/${route.name}`, error });
  return {
    onRequest: (exchange) => onRequest(options, exchange),
    onResponse(exchange) {
      const call = exchange.state as Call | undefined;
      const problem = call && runResponse(call.steps, exchange);
      if (call && !(problem instanceof Promise) && call.steps.reached > 0) exchange.clockAt = call.steps.at; // As in `onward`.
      return problem;
    },
    onDone(exchange, outcome) {
      const call = exchange.state as Call | undefined;
      if (call) runEnd(exchange, call, onError);
      onDone(options, ended, exchange, outcome);
    },
    onRejected(rejection) {
      options.metrics.rejected(rejection.reason);
      if (rejection.request) options.calls.push(ended.setRejected(rejection, rejection.request, options.clock));
    },
  };
}

function onRequest(options: CoreOptions, exchange: GatewayExchange): Disposition | Promise<Disposition> {
  const revision = options.revision();
  const found = revision.router.match(exchange.host, exchange.path, exchange.method, exchange);
  if (found.kind !== 'found') {
    options.metrics.unrouted.started();
    return { kind: 'problem', problem: noRoute(found, exchange) };
  }
  const { route } = found;
  const steps = new Steps(route.chain, options.clock);
  const call: Call = { revision, route, found, plan: undefined, steps, dataApiMs: 0, isOver: false };
  exchange.state = call;
  exchange.route = route.shown;
  exchange.params = readParameters(found.pattern, found.path);
  route.held.hold();
  route.stats.started();
  if (route.chain.auth.length === 0) {
    exchange.request.remove(CONSUMER_FIELD);
    return toTarget(options, exchange, call);
  }
  const who = runAuth(steps, exchange);
  return who instanceof Promise ? who.then((later) => proceed(options, exchange, call, later)) : proceed(options, exchange, call, who);
}

type Who = 'absent' | ConsumerIdentity | Problem;

function proceed(options: CoreOptions, exchange: GatewayExchange, call: Call, who: Who): Disposition | Promise<Disposition> {
  if (call.isOver) return GONE;
  const refused = admit(call, exchange, who);
  return refused ? answerProblem(exchange, refused) : toTarget(options, exchange, call);
}

function noRoute(found: Exclude<RouteFound<LiveRoute>, { kind: 'found' }>, exchange: GatewayExchange): Problem {
  if (found.kind === 'refused') return raise['path-refused']({ values: { fault: found.fault } });
  if (found.kind === 'not-found') return raise['route-not-found']();
  const allow = found.allow.join(', ');
  exchange.response.set('allow', allow);
  return raise['method-not-allowed']({ values: { method: exchange.method.slice(0, 32), allow } });
}

/** Lets a recognised consumer in: identity on the exchange and upstream, its plan's policies in the chain. */
function admit(call: Call, exchange: GatewayExchange, who: Who): Problem | undefined {
  const { route, revision } = call;
  if (who === 'absent' || who instanceof Problem) {
    const problem =
      who === 'absent' ? raise['credential-missing']({ values: { methods: route.spec.auth.map((a) => a.type).join(', ') } }) : who;
    if (problem.status === 401) exchange.response.set('www-authenticate', route.challenges);
    return problem;
  }
  const { id, consumer, plan } = admission(revision, who.project, who.name);
  if (!consumer?.enabled) return raise['consumer-disabled']();
  exchange.consumer = who;
  exchange.request.set(CONSUMER_FIELD, id); // In place of whatever the caller said.
  if (plan) {
    plan.held.hold();
    call.plan = plan;
    if (plan.policies.length > 0) call.steps.steps = route.chainOf(plan);
  }
  return undefined;
}

function toTarget(options: CoreOptions, exchange: GatewayExchange, call: Call): Disposition | Promise<Disposition> {
  const verdict = runRequest(call.steps, exchange);
  return verdict instanceof Promise
    ? verdict.then((later) => onward(options, exchange, call, later))
    : onward(options, exchange, call, verdict);
}

function onward(options: CoreOptions, exchange: GatewayExchange, call: Call, verdict: Verdict): Disposition | Promise<Disposition> {
  if (call.isOver) return GONE;
  if (call.steps.at >= 0) exchange.clockAt = call.steps.at; // The last step is through just now.
  if (verdict instanceof Problem) return answerProblem(exchange, verdict);
  if (verdict !== undefined) return { kind: 'answer', answer: verdict satisfies Answer };
  return call.route.spec.target.kind === 'dataapi' ? runDataApi(options, exchange, call) : forward(options, exchange, call);
}

function answerProblem(exchange: GatewayExchange, problem: Problem): Disposition {
  const { retryAfterMs } = problem.options;
  if (retryAfterMs !== undefined) exchange.response.set('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  return { kind: 'problem', problem };
}

function forward(options: CoreOptions, exchange: GatewayExchange, { route, found }: Call): Disposition {
  const pool = options.pool(route.targetKey);
  if (!pool) return answerProblem(exchange, raise['upstream-missing']({ retryAfterMs: 1000 }));
  const { spec } = route;
  if (route.isPlain) {
    // The same for each call of the route: made once, and again when the pool is another one.
    if (route.plain?.forward.pool !== pool) route.plain = { kind: 'upstream', forward: forwardTo(route, pool, undefined, undefined) };
    return route.plain;
  }
  const query = forwardedQuery(exchange.query, route.queryCredentials);
  const changed = route.rewrite !== undefined || query !== exchange.query;
  const written = route.rewrite ? rewritePath(route.rewrite, found.pattern, found.path) : exchange;
  if (typeof written === 'string') return answerProblem(exchange, raise['path-refused']({ values: { fault: written } }));
  const { path } = written;
  const target = changed ? (query === '' ? path : `${path}?${query}`) : undefined;
  return { kind: 'upstream', forward: forwardTo(route, pool, target, spec.preserveHost ? exchange.host : undefined) };
}

function forwardTo({ spec }: LiveRoute, pool: TargetPool, target: string | undefined, host: string | undefined): Forward {
  return {
    pool,
    target,
    host,
    ...spec.timeouts,
    bodyBytesMax: spec.bodyBytesMax,
    upgrades: spec.upgrades ?? UPGRADES,
    tunnelIdleMs: spec.tunnelIdleMs ?? TUNNEL_IDLE_MS,
  };
}

/** What routes say that say nothing else; see control/resources/kinds/route.ts. */
const UPGRADES: readonly string[] = ['websocket'];
const TUNNEL_IDLE_MS = 10 * 60_000;

function forwardedQuery(query: string, credentials: readonly string[]): string {
  return credentials.reduce((rest, name) => withoutQueryParameter(rest, name), query);
}

async function runDataApi(options: CoreOptions, exchange: GatewayExchange, call: Call): Promise<Disposition> {
  const api = call.revision.dataApis.get(call.route.targetKey);
  if (!api) return answerProblem(exchange, raise['dataapi-unavailable']({ retryAfterMs: 1000 }));
  const begun = options.clock.monotonic();
  exchange.clockAt = -1; // Whoever ends the call meanwhile has to look at the clock.
  try {
    const answer = await options.dataApis.run({
      api,
      method: exchange.method,
      params: exchange.params,
      query: forwardedQuery(exchange.query, call.route.queryCredentials),
      header: (name) => exchange.request.get(name),
      signal: exchange.signal,
    });
    return { kind: 'answer', answer };
  } catch (error) {
    if (call.isOver) return GONE; // Ended by the caller's leaving: no failure of ours.
    if (error instanceof Problem) return answerProblem(exchange, error);
    throw error;
  } finally {
    call.dataApiMs = options.clock.monotonic() - begun;
  }
}

function onDone(options: CoreOptions, ended: EndedCall, exchange: GatewayExchange, outcome: Outcome): void {
  const call = exchange.state as Call | undefined;
  const upstreamMs = call && call.dataApiMs > 0 ? call.dataApiMs : outcome.upstreamMs;
  const measured = upstreamMs === outcome.upstreamMs ? outcome : { ...outcome, upstreamMs };
  (call ? call.route.stats : options.metrics.unrouted).finished(exchange.method, measured);
  ended.set(exchange, measured, call, options);
  options.calls.push(ended);
  if (!call) return;
  call.isOver = true;
  call.route.held.release();
  if (call.plan) call.plan.held.release();
}

/** The log phase, and what the steps say of the call. */
function runEnd(exchange: GatewayExchange, { steps }: Call, onError: (error: unknown, exchange: GatewayExchange) => void): void {
  runLog(steps, exchange, onError);
  steps.ask(exchange, onError);
}
