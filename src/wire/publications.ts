/** Published data APIs with their OpenAPI parts, for the admin API. */
import type { PublishedApi } from '../control/api/parts.ts';
import type { Publisher } from '../control/publish/publisher.ts';
import { readValue } from '../base/schema-read.ts';
import type { DataApiCompiler } from '../sdk/dataapi.ts';
import type { Registry } from '../sdk/registry.ts';
import type { CompiledRoute } from '../sdk/revision.ts';

/** Answers what is published now, in the projects asked for. */
export function createPublications(publisher: Publisher, dataApis: DataApiCompiler, registry: Registry) {
  return (projects: readonly string[] | undefined): PublishedApi[] =>
    publisher
      .published()
      .filter(({ api }) => projects === undefined || projects.includes(api.project))
      .map(({ api, path, auth }) => {
        const schemes = auth.flatMap(({ type, config }) => {
          const component = registry.auth.get(type);
          return component ? [[type, component.securityScheme(readValue(component.config, config).value as never)] as const] : [];
        });
        return {
          project: api.project,
          name: api.name,
          path,
          release: api.release,
          description: api.description,
          pathItem: dataApis.openApi(
            api,
            path,
            schemes.map(([type]) => ({ [type]: [] })),
          ),
          securitySchemes: Object.fromEntries(schemes),
        };
      });
}

/** The routes of the newest revision, of every project. */
export function routesOf(publisher: Publisher): CompiledRoute[] {
  return publisher.deltaFor('gateway', 0, undefined).put.flatMap((entry) => (entry.type === 'route' ? [entry.value] : []));
}
