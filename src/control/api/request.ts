/** What the door reads of a request before its operation does. */
import type { FastifyRequest } from 'fastify';

/** Path of the request without its query, which may hold what nobody should log. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!.slice(0, 500);
}

/** The query of a request. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const mark = request.url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : request.url.slice(mark + 1));
}

/** The project a request names, in its path or its query: what permission is asked for. */
export function projectOf(request: FastifyRequest): string | undefined {
  return (request.params as { project?: string } | undefined)?.project ?? queryOf(request).get('project') ?? undefined;
}
