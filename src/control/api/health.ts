/**
 * Health and metrics. Health says only good or not. Metrics are open to a scraper on this machine;
 * to anybody else, and behind any proxy, they want a token with `metrics:read`.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { checkAccess, findCaller, type Seen } from './caller.ts';
import { ALSO_HEAD } from './console-files.ts';
import { isForwarded, isLoopback } from './origin.ts';
import problems from './problems.ts';
import type { ServerParts } from './server.ts';

/** Adds `/livez`, `/readyz` and `/metrics`. */
export function healthRoutes(app: FastifyInstance, given: ServerParts, seenOf: (request: FastifyRequest) => Seen): void {
  app.get('/livez', ALSO_HEAD, async (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', ALSO_HEAD, async (_request, reply) => {
    if (!(await given.isReady())) throw problems.raise['not-ready']({ retryAfterMs: 1000 });
    return reply.type('text/plain').send('ok\n');
  });
  app.get('/metrics', { onRequest: (request) => allowScrape(given, request, seenOf(request)) }, async (_request, reply) => {
    const { contentType, text } = await given.collectMetrics();
    return reply.header('content-type', contentType).send(text);
  });
}

async function allowScrape(given: ServerParts, request: FastifyRequest, seen: Seen): Promise<void> {
  const isLocal = isLoopback(request.socket.remoteAddress) && !isForwarded(request.headers);
  if (isLocal && request.headers.authorization === undefined) return;
  const wanted = { access: 'metrics:read', method: 'GET' } as const;
  checkAccess(await findCaller(given.callers, wanted, request, seen), wanted, undefined);
}
