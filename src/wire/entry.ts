/**
 * Entries of threads. A thread gets its role's configuration in the query of its URL, since whoever
 * starts it knows nothing of configuration.
 */
import type { RoleConfig } from './config.ts';

type EntryName = 'gateway-thread' | 'query-thread';

/** What threads need of the configuration: no password, no key. */
export type ThreadConfig = Pick<RoleConfig, 'dataFolder' | 'fileRoots'> & { readonly logLevel: RoleConfig['config']['logLevel']; readonly ownPorts: readonly number[] };

/** The URL of a thread's entry file, `.ts` in a checkout and `.js` in a package. */
export function entryUrl(name: EntryName, role: RoleConfig): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const url = new URL(`./${name}.${extension}`, import.meta.url);
  const { config, dataFolder, fileRoots } = role;
  const wanted: ThreadConfig = {
    dataFolder, fileRoots, logLevel: config.logLevel, ownPorts: [config.gateway.port, config.control.port].filter((port) => port > 0),
  };
  url.searchParams.set('config', JSON.stringify(wanted));
  return url;
}

/** Reads what `entryUrl` put there. */
export function threadConfig(url: string): ThreadConfig {
  return JSON.parse(new URL(url).searchParams.get('config')!) as ThreadConfig;
}
