/**
 * The HTTP side of control: admin API, health, metrics, plain pages.
 *
 *   socket ─▶ bounds ─▶ Host, Origin ─▶ caller ─▶ CSRF ─▶ permission ─▶ body ─▶ operation ─▶ answer
 *
 * Everything before the body runs on the head alone, so a stranger cannot make control read megabytes.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { NewId } from '../../base/id.ts';
import { Problem } from '../../base/problem.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ControlConfig } from '../config.ts';
import type { Denials } from '../access/denials.ts';
import { answerProblem, answerUnreadable, toProblem } from './boundary.ts';
import { type Callers, checkAccess, findCaller, type Seen } from './caller.ts';
import { ALSO_HEAD, type ConsoleFiles, consoleRoutes, isPageVisit, openConsole } from './console-files.ts';
import { denialOf } from './denial.ts';
import { healthRoutes } from './health.ts';
import type metricSpecs from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { API_PREFIX, type Operation } from './operation.ts';
import { allowedHosts, checkOrigin } from './origin.ts';
import { homePage, PAGE_POLICY, problemPage } from './pages.ts';
import type { Parts } from './parts.ts';
import { findProblem } from './problem-catalogue.ts';
import problems from './problems.ts';
import { pathOf, projectOf } from './request.ts';
import { runOperation } from './run-operation.ts';

export interface ServerParts {
  readonly parts: Parts;
  readonly operations: readonly Operation[];
  readonly callers: Callers;
  /** Where every refusal is written. */
  readonly denials: Denials;
  readonly config: ControlConfig;
  readonly newId: NewId;
  readonly metrics: Metrics<typeof metricSpecs>;
  /** False while starting, draining, or while the store cannot be reached. */
  readonly isReady: () => Promise<boolean>;
  /** Text of all processes' metrics. */
  readonly collectMetrics: () => Promise<{ contentType: string; text: string }>;
  /** Folder of the built console; without it `/` is a plain page. */
  readonly consoleFolder?: string;
}

/** Makes the server; the caller listens and closes. */
export function createServer(given: ServerParts): FastifyInstance {
  const { config, parts } = given;
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: config.requests.body,
    requestTimeout: 120_000,
    connectionTimeout: silentMs(given),
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    http: { headersTimeout: 15_000, maxHeaderSize: 16_384 },
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
    clientErrorHandler: answerUnreadable,
    genReqId: (raw) => requestId(raw.headers['x-request-id'], given.newId),
    frameworkErrors: (error, request, reply) => {
      const problem = toProblem(error, request as FastifyRequest, config.requests.body);
      answerProblem(problem, request as FastifyRequest, reply as unknown as FastifyReply, parts.log);
    },
  });
  app.server.maxConnections = config.requests.atOnce * CONNECTIONS_PER_REQUEST;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const seenOf = seenRequests();
  app.setErrorHandler(async (error, request, reply) => {
    const problem = toProblem(error, request, config.requests.body);
    const denial = denialOf(problem, request, seenOf(request));
    if (denial) await given.denials.note(denial);
    return answerProblem(problem, request, reply, parts.log);
  });
  const files = openConsole(given.consoleFolder);
  app.setNotFoundHandler(async (request, reply) => {
    if (files && isPageVisit(request) && (await files.send('/', request, reply))) return reply;
    throw problems.raise['no-such-address']({ values: { method: request.method, path: pathOf(request) } });
  });
  guard(app, given, seenOf);
  for (const operation of given.operations) addOperation(app, given, operation, seenOf);
  healthRoutes(app, given, seenOf);
  addPages(app, given, files);
  return app;
}

/** A socket on which no byte moves for so long is closed: longer than any operation works in silence. */
function silentMs({ operations, config }: ServerParts): number {
  return Math.max(120_000, config.requests.timeout, ...operations.map(({ timeoutMs = 0 }) => timeoutMs)) + 30_000;
}

/** Idle keep-alive sockets are cheap, but not without end. */
const CONNECTIONS_PER_REQUEST = 10;

/** The caller's own id when it is sane, else a new one. */
function requestId(header: string | string[] | undefined, newId: NewId): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(header) ? header : newId();
}

/** What every request must pass, whatever its address. */
function guard(app: FastifyInstance, { config, metrics }: ServerParts, seenOf: SeenOf): void {
  const hosts = allowedHosts(config.host, config.hosts);
  const going = new Set<FastifyRequest>();
  // What strangers get is small and made: one who does not read it must not hold a place until the socket ends.
  app.addHook('onSend', async (request) => void (seenOf(request).caller || going.delete(request)));
  app.addHook('onRequest', async (request, reply) => {
    going.add(request);
    reply.raw.once('close', () => going.delete(request));
    void reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id });
    if (going.size > config.requests.atOnce)
      throw refused(metrics, problems.raise.busy({ values: { limit: config.requests.atOnce }, retryAfterMs: 1000 }));
    const { host, origin, 'sec-fetch-site': fetchSite } = request.headers;
    const problem = checkOrigin(hosts, { method: request.method, host, origin, fetchSite: fetchSite as string | undefined });
    if (problem) throw refused(metrics, problem);
  });
}

const SECURITY_HEADERS = Object.freeze({
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
});

function refused(metrics: ServerParts['metrics'], problem: Problem): Problem {
  metrics.refused.add(1, { reason: problem.code });
  return problem;
}

/** Finds what is known of a request, from its route on. */
type SeenOf = (request: FastifyRequest) => Seen;

function seenRequests(): SeenOf {
  const known = new WeakMap<FastifyRequest, Seen>();
  return (request) => {
    const { operation } = (request.routeOptions?.config ?? {}) as { operation?: Operation };
    const seen = known.get(request) ?? (operation ? { operation } : {});
    known.set(request, seen);
    return seen;
  };
}

function addOperation(app: FastifyInstance, given: ServerParts, operation: Operation, seenOf: SeenOf): void {
  const { parts, metrics, config } = given;
  app.route({
    method: operation.method,
    url: API_PREFIX + operation.path.replace(/\{(\w+)\}/g, ':$1'),
    config: { operation } as object,
    onRequest: async (request) => {
      try {
        const seen = seenOf(request);
        await admit(given.callers, operation, request, seen);
        seen.stillAllowed = () => wouldAdmit(given.callers, operation, request);
      } catch (error) {
        throw error instanceof Problem ? refused(metrics, error) : error;
      }
    },
    onResponse: async (request, reply) => {
      metrics.requests.add(1, { operation: operation.id, status: reply.statusCode });
      metrics.duration.observe(reply.elapsedTime / 1000, { operation: operation.id });
      parts.log.debug('admin request', {
        requestId: request.id,
        operation: operation.id,
        status: reply.statusCode,
        caller: seenOf(request).caller?.name,
      });
    },
    handler: (request, reply) => runOperation(operation, parts, seenOf(request), config, request, reply),
  });
}

/** Whether the same request would be let in now; a look only. */
async function wouldAdmit(callers: Callers, operation: Operation, request: FastifyRequest): Promise<boolean> {
  try {
    checkAccess(await findCaller(callers, operation, request, {}, { quiet: true }), operation, projectOf(request));
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Finds the caller and lets them in, if they may. */
async function admit(callers: Callers, operation: Operation, request: FastifyRequest, seen: Seen): Promise<void> {
  checkAccess(await findCaller(callers, operation, request, seen), operation, projectOf(request));
}

function addPages(app: FastifyInstance, { parts, operations }: ServerParts, files: ConsoleFiles | undefined): void {
  const page = (reply: FastifyReply, text: string) =>
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(text);
  let document: string | undefined;
  if (files) consoleRoutes(app, files);
  else app.get('/', ALSO_HEAD, async (_request, reply) => page(reply, homePage({ version: parts.version })));
  app.get('/openapi.json', ALSO_HEAD, async (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(parts.registry, operations, parts.version));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  app.get('/problems/*', ALSO_HEAD, async (request, reply) => {
    const code = (request.params as { '*': string })['*'];
    const found = findProblem(parts.catalogues, code);
    if (!found) throw problems.raise['not-found']({ values: { what: { en: 'problem', zh: '问题代码' }, name: code.slice(0, 200) } });
    return page(reply, problemPage(found));
  });
}
