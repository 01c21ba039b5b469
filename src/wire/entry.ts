/**
 * Entries of threads. Threads find their role's configuration in the process's environment data, since
 * whoever starts them knows nothing of configuration.
 */
import { getEnvironmentData, parentPort, setEnvironmentData, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
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

/** `workerData` of a thread that loads its entry and waits for `Begin`. */
export const WARM = 'weir-warm-thread';

/** What a warm thread begins with: the `workerData` a new one would have got, and the configuration. */
export interface Begin {
  readonly data: unknown;
  readonly config: ThreadConfig;
}

/**
 * In a thread's entry, last: begins at once in a new thread, and when the thread is needed in a warm one, which first
 * does what `warmUp` says.
 */
export function whenNeeded(begin: (data: unknown, config: ThreadConfig) => void, warmUp: () => void = () => {}): void {
  if (workerData !== WARM) return begin(workerData, threadConfig());
  warmUp();
  assert(parentPort, 'only threads are warm');
  parentPort.once('message', ({ data, config }: Begin) => {
    setEnvironmentData(KEY, config); // For threads of its own.
    begin(data, config);
  });
}

/** What `shareThreadConfig` was given. */
export function threadConfig(): ThreadConfig {
  return getEnvironmentData(KEY) as unknown as ThreadConfig;
}

/** The URL of a thread's entry file: `.ts` in a checkout, `.js` in a package. */
export function entryUrl(name: 'gateway-thread' | 'query-thread' | 'watchdog-thread'): URL {
  return new URL(`./${name}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
}
