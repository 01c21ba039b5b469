/** All extensions by kind and id, as `generated/registry.ts` builds it and main.ts hands it over. */
import type { AuthComponent } from './auth.ts';
import type { Component } from './component.ts';
import type { ConnectorComponent } from './connector.ts';
import type { DiscoveryComponent } from './discovery.ts';
import type { PolicyComponent } from './policy.ts';

export interface Registry {
  readonly policies: ReadonlyMap<string, PolicyComponent>;
  readonly auth: ReadonlyMap<string, AuthComponent>;
  readonly connectors: ReadonlyMap<string, ConnectorComponent>;
  readonly discovery: ReadonlyMap<string, DiscoveryComponent>;
}

/** Every extension, kind after kind. */
export function componentsOf(registry: Registry): Component[] {
  return [registry.policies, registry.auth, registry.connectors, registry.discovery].flatMap((kind) => [...kind.values()]) as Component[];
}
