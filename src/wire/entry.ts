/**
 * Entries of threads. Threads find their role's configuration in the process's environment data, since
 * whoever starts them knows nothing of configuration.
 */
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { ownPorts } from './common.ts';
import type { RoleConfig } from './config.ts';

const KEY = 'weir-thread-config';

/** What threads need of the configuration: no password, no key. */
export type ThreadConfig = Pick<RoleConfig, 'dataFolder' | 'fileRoots'> & {
  readonly logLevel: RoleConfig['config']['logLevel'];
  readonly ownPorts: readonly number[];
};

/** Hands the configuration to every thread this process starts from now on. */
export function shareThreadConfig(role: RoleConfig): void {
  const { config, dataFolder, fileRoots } = role;
  setEnvironmentData(KEY, { dataFolder, fileRoots, logLevel: config.logLevel, ownPorts: ownPorts(role) } satisfies ThreadConfig);
}

/** What `shareThreadConfig` was given. */
export function threadConfig(): ThreadConfig {
  return getEnvironmentData(KEY) as unknown as ThreadConfig;
}

/** The URL of a thread's entry file: `.ts` in a checkout, `.js` in a package. */
export function entryUrl(name: 'gateway-thread' | 'query-thread' | 'watchdog-thread'): URL {
  return new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}
