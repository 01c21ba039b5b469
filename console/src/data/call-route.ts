/** Names of routes in call records. */

/** The route that serves a data API is named after it. */
const DATA_API = 'data-api.';

/** Name of the data API whose route this is; undefined for a route of its own. */
export function dataApiOf(route: string): string | undefined {
  return route.startsWith(DATA_API) ? route.slice(DATA_API.length) : undefined;
}
