/**
 * Compiled routes and plans brought to life: patterns read, auth methods and policies created. One is made
 * when its entry changes, and closed when it is replaced and no exchange uses it any more.
 * In: an entry's value. Out: an instance, or a throw whose words (in both languages) say why it cannot serve.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { pointersTold, Told } from '../base/problem.ts';
import { tell } from '../base/text.ts';
import { readValue } from '../base/schema-read.ts';
import type { AuthTools } from '../sdk/auth.ts';
import type { ComponentSpec, ConfigOf } from '../sdk/component.ts';
import type { Counters } from '../sdk/counters.ts';
import { compileExpression, type ReadExpression } from '../sdk/expression.ts';
import { policyLabel } from '../sdk/policy.ts';
import type { ProblemSpecs } from '../base/problem.ts';
import type { Registry } from '../sdk/registry.ts';
import type { CompiledPlan, CompiledRoute, NamedConfig } from '../sdk/revision.ts';
import { checkRouteMatch, parsePathPattern, parseRewrite, type Rewrite } from '../sdk/route-pattern.ts';
import type { TSchema } from '../base/schema.ts';
import type { Forward } from './contract.ts';
import type { RouteStats } from './route-stats.ts';
import type { Routable } from './router.ts';
import { type Chain, describeStep, type LiveAuth, type LivePolicy, makeChain } from './story.ts';

/** What instances are made with. */
export interface InstanceTools {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  /** Looks up a credential in the revision that serves now; see `AuthTools.credential`. */
  credential(project: string, type: string, sha256: string): ReturnType<AuthTools['credential']>;
  /** Metrics of a route: they outlive its instances. */
  routeStats(project: string, name: string): RouteStats;
}

/** Something exchanges hold on to while they use it. */
export class Held {
  private uses = 0;
  private retired = false;
  private readonly policies: readonly LivePolicy[];

  constructor(policies: readonly LivePolicy[]) {
    this.policies = policies;
  }

  /** An exchange starts using it. */
  hold(): void {
    this.uses++;
  }

  /** An exchange is done with it. */
  release(): void {
    if (--this.uses === 0 && this.retired) this.close();
  }

  /** It serves no new exchange; closes now or when the last one is done. */
  retire(): void {
    if (this.retired) return;
    this.retired = true;
    if (this.uses === 0) this.close();
  }

  private close(): void {
    for (const { policy } of this.policies) policy.close?.();
  }
}

export interface LiveRoute extends Routable {
  readonly spec: CompiledRoute;
  /** `{ name, project, release }` as exchanges show it: one frozen object. */
  readonly shown: { readonly name: string; readonly project: string; readonly release: string };
  /** The chain of callers without a plan. */
  readonly chain: Chain;
  /** The chain of callers with this plan. */
  chainOf(plan: LivePlan): Chain;
  readonly rewrite: Rewrite | undefined;
  /** Query parameters that hold credentials and are taken out of what goes on. */
  readonly queryCredentials: readonly string[];
  /** `WWW-Authenticate` of a 401: all challenges in order. */
  readonly challenges: string;
  /** True when every call goes on as it came: no rewrite, no credential in the query, the upstream's own host. */
  readonly isPlain: boolean;
  /** Where calls of a plain route go; made at the first. */
  plain: { readonly kind: 'upstream'; readonly forward: Forward } | undefined;
  /** Key of the pool: `project/upstream`. */
  readonly targetKey: string;
  readonly stats: RouteStats;
  readonly held: Held;
}

export interface LivePlan {
  readonly policies: readonly LivePolicy[];
  readonly held: Held;
}

/** Mistakes told of one entry. */
const FAULTS_MAX = 5;
const NO_AUTH = { en: 'auth method "{name}" is not known to this gateway', zh: '此网关不认识认证方法“{name}”' };
const NO_POLICY = { en: 'policy "{name}" is not known to this gateway', zh: '此网关不认识策略“{name}”' };

/** Brings a route to life. Throws a `Told` when a part of it cannot be made; nothing is left open then. */
export function makeRoute(spec: CompiledRoute, tools: InstanceTools): LiveRoute {
  const faults = checkRouteMatch(spec, spec.rewrite);
  if (faults.length > 0) throw new Told(pointersTold(faults.slice(0, FAULTS_MAX)));
  const patterns = spec.paths.map((path) => parsePathPattern(path)).flatMap((p) => (p.ok ? [p.value] : []));
  const rewrite = spec.rewrite === undefined ? undefined : parseRewrite(spec.rewrite, patterns);
  const keepCredential = spec.keepCredential && spec.target.kind === 'upstream';
  const auth = spec.auth.map((named) => makeAuth(named, spec, keepCredential, tools));
  const policies = makePolicies(spec.policies, tools);
  const queryCredentials = keepCredential ? [] : auth.flatMap(({ method }) => method.queryParameter ?? []);
  return {
    id: `${spec.project}/${spec.name}`,
    ...matchOf(spec),
    spec,
    shown: Object.freeze({ name: spec.name, project: spec.project, release: spec.release }),
    chain: makeChain(auth, policies),
    chainOf: chainsByPlan(auth, policies),
    rewrite: rewrite?.ok ? rewrite.value : undefined,
    queryCredentials,
    isPlain: rewrite === undefined && queryCredentials.length === 0 && !spec.preserveHost,
    plain: undefined,
    challenges: auth.map(({ method }) => method.challenge).join(', '),
    targetKey: `${spec.project}/${spec.target.name}`,
    stats: tools.routeStats(spec.project, spec.name),
    held: new Held(policies),
  };
}

/** One shape for all, whatever is left out. */
function matchOf({
  hosts,
  paths,
  methods,
  priority = 0,
  headers = [],
  query = [],
  cookies = [],
  clientAddresses = [],
  listeners = [],
}: CompiledRoute) {
  return { hosts, paths, methods, priority, headers, query, cookies, clientAddresses, listeners };
}

/** Chains are joined once per plan, not once per call. */
function chainsByPlan(auth: readonly LiveAuth[], policies: readonly LivePolicy[]): LiveRoute['chainOf'] {
  const known = new WeakMap<LivePlan, Chain>();
  return (plan) => {
    let chain = known.get(plan);
    if (!chain) known.set(plan, (chain = makeChain(auth, [...plan.policies, ...policies])));
    return chain;
  };
}

/** Brings a plan's policies to life. */
export function makePlan(spec: CompiledPlan, tools: InstanceTools): LivePlan {
  const policies = makePolicies(spec.policies, tools);
  return { policies, held: new Held(policies) };
}

function makeAuth(named: NamedConfig, { project, target }: CompiledRoute, keepCredential: boolean, tools: InstanceTools): LiveAuth {
  const component = tools.registry.auth.get(named.type);
  if (!component) throw new Told(tell(NO_AUTH, { name: named.type }));
  const method = component.create(readConfig(component, named), {
    problems: component.catalogue.raise,
    clock: tools.clock,
    project,
    keepCredential,
    credential: (type, sha256) => tools.credential(project, type, sha256),
  });
  return { method, told: describeStep('auth', named.type, target.kind === 'dataapi' ? 'data-api' : 'route', method) };
}

function makePolicies(list: CompiledRoute['policies'], tools: InstanceTools): readonly LivePolicy[] {
  const made: LivePolicy[] = [];
  try {
    for (const named of list) made.push(makePolicy(named, tools));
  } catch (error) {
    for (const { policy } of made) policy.close?.();
    throw error;
  }
  return made;
}

function makePolicy(named: CompiledRoute['policies'][number], tools: InstanceTools): LivePolicy {
  const component = tools.registry.policies.get(named.type);
  if (!component) throw new Told(tell(NO_POLICY, { name: named.type }));
  const label = policyLabel(named.identity);
  const policy = component.create(readConfig(component, named), {
    problems: component.catalogue.raise,
    clock: tools.clock,
    log: tools.log.with({ policy: named.identity }),
    counters: tools.counters,
    identity: named.identity,
    label,
    expression: (text) => mustCompile(text),
  });
  return { policy, told: describeStep('policy', named.type, label, policy) };
}

function mustCompile(text: string): ReadExpression {
  const compiled = compileExpression(text);
  if (!compiled.ok) throw new Told(compiled.error);
  return compiled.read;
}

function readConfig<C extends TSchema>(component: ComponentSpec<C, ProblemSpecs>, named: NamedConfig): ConfigOf<C> {
  const read = readValue(component.config, named.config);
  if (read.errors.length > 0) {
    const faults = pointersTold(read.errors.slice(0, FAULTS_MAX));
    throw new Told(tell({ en: '{id}: {faults}', zh: '{id}：{faults}' }, { id: component.id, faults }));
  }
  return read.value as ConfigOf<C>;
}
