/** Which requests a Route or DataApi takes, as far as two of them can be in each other's way. Pure. */
import type { ResourceKey } from '../../sdk/resource.ts';
import { parsePathPattern, type RouteMatch } from '../../sdk/route-pattern.ts';

/** What a resource takes; `name` is `Kind/name`, since both kinds share one listener. */
export interface Matched extends RouteMatch {
  readonly project: string;
  readonly name: string;
}

/** What a resource takes; undefined when it is of another kind or disabled. */
export function matchedBy(key: ResourceKey, enabled: boolean, spec: Readonly<Record<string, unknown>>): Matched | undefined {
  const name = `${key.kind}/${key.name}`;
  if (!enabled) return undefined;
  if (key.kind === 'Route') return { project: key.project, name, ...(spec['match'] as RouteMatch) };
  if (key.kind === 'DataApi') return { project: key.project, name, hosts: [], paths: [spec['path'] as string], methods: ['GET'] };
  return undefined;
}

/** The shapes of its paths: only resources that share one can take exactly the same requests. */
export function shapesOf({ paths }: Matched): string[] {
  return paths.flatMap((path) => {
    const parsed = parsePathPattern(path);
    return parsed.ok ? [parsed.value.shape] : [];
  });
}
