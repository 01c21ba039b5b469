/** The proxies that are compared, each one process on one core, all in front of the same upstream. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { KEY } from './core.ts';
import { freePort, LOAD_CORE, PROXY_CORE, startOn } from './machine.ts';

export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
}

const LUA = '/usr/lib/nginx/modules/ngx_http_lua_module.so';
const HAPROXY = '/usr/sbin/haproxy';
const NGINX = '/usr/sbin/nginx';
const FORWARD = `proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $remote_addr; proxy_buffers 16 64k; proxy_max_temp_file_size 0; client_body_buffer_size 2m;`;
const LIMIT_SCRIPT = `access_by_lua_block {
  local k = ngx.var.http_x_api_key; local c = k and keys[k]; if not c then return ngx.exit(401) end
  local t = ngx.shared.cnt; local n = t:incr('r:'..c.id..':'..math.floor(ngx.now()), 1, 0, 60)
  if n and n > c.rate then return ngx.exit(429) end
  t:incr('m:200', 1, 0); ngx.header['RateLimit'] = c.rate - (n or 0) }
  proxy_set_header X-Request-Id $request_id;`;

/** Which proxies there can be: those whose programs are not here are left out. */
export const PEERS: Readonly<Record<string, (folder: string, port: number, upstream: number) => readonly string[] | undefined>> = {
  nginx: (folder, port, up) => nginx(folder, 'proxy', proxyConfig(port, up, '', FORWARD)),
  'nginx + Lua (key, 2 counters, id)': (folder, port, up) => {
    if (!existsSync(LUA)) return undefined;
    const keys = `lua_shared_dict cnt 10m; init_by_lua_block { keys = { ['${KEY}'] = { id = 1, rate = 1e9 } } }`;
    return nginx(folder, 'lua', proxyConfig(port, up, keys, LIMIT_SCRIPT + FORWARD), ['ndk_http', 'ngx_http_lua']);
  },
  HAProxy: haproxy,
  'node:http + undici': (_, port, up) =>
    existsSync(join(import.meta.dirname, '../../node_modules/undici'))
      ? [process.execPath, join(import.meta.dirname, 'node-proxy.ts'), String(port), String(up)]
      : undefined,
  'Weir, bare': (_, port, up) => weir('bare', port, up, 1),
  'Weir, all policies, 1 route': (_, port, up) => weir('policies', port, up, 1),
  'Weir, all policies, 1,000 routes': (_, port, up) => weir('policies', port, up, 1000),
  'Weir, all policies, 5,000 routes': (_, port, up) => weir('policies', port, up, 5000),
  'Weir, long chain': (_, port, up) => weir('chain', port, up, 1000),
};

/** Starts a proxy; undefined when its program is not here. */
export async function startPeer(name: string, folder: string, upstream: number): Promise<Peer | undefined> {
  const port = await freePort();
  const command = PEERS[name]!(folder, port, upstream);
  return command && { name, port, process: startOn(PROXY_CORE, command) };
}

/** Starts the upstream: nginx with 200 bytes of JSON, and files the system keeps in memory. */
export async function startUpstream(folder: string): Promise<Peer> {
  const port = await freePort();
  for (const kib of [1, 16, 1024]) writeFileSync(join(folder, `${kib}k`), 'x'.repeat(kib * 1024));
  const config = `open_file_cache max=10; client_max_body_size 0;
    server { listen 127.0.0.1:${port} backlog=4096; root ${folder};
    location = / { default_type application/json; return 200 '{"a":"${'x'.repeat(192)}"}'; } location / { } }`;
  return { name: 'upstream', port, process: startOn(LOAD_CORE, nginx(folder, 'upstream', config)) };
}

function nginx(folder: string, name: string, config: string, modules: readonly string[] = []): readonly string[] {
  const file = join(folder, `${name}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`);
  const loads = modules.map((module) => `load_module /usr/lib/nginx/modules/${module}_module.so;`);
  writeFileSync(
    file,
    `${loads.join(' ')} ${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${folder}/${name}.pid;
    worker_rlimit_nofile 65536; error_log /dev/null; events { worker_connections 30000; }
    http { access_log off; ${temporary.join(' ')} keepalive_requests 1000000000; keepalive_timeout 65s; tcp_nodelay on; ${config} }`,
  );
  return [NGINX, '-c', file, '-p', folder];
}

function proxyConfig(port: number, upstream: number, before: string, location: string): string {
  return `${before} upstream up { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }
    server { listen 127.0.0.1:${port} backlog=4096; client_max_body_size 0; location / { ${location} } }`;
}

function haproxy(folder: string, port: number, upstream: number): readonly string[] | undefined {
  if (!existsSync(HAPROXY)) return undefined;
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global\n nbthread 1\n maxconn 9000\ndefaults\n mode http\n timeout client 600s\n timeout server 600s\n timeout connect 5s
 http-reuse always\n option http-keep-alive\nfrontend f\n bind 127.0.0.1:${port}\n option forwardfor\n default_backend b
backend b\n server s1 127.0.0.1:${upstream}\n`,
  );
  return [HAPROXY, '-f', file];
}

function weir(mode: string, port: number, upstream: number, routes: number): readonly string[] {
  return [process.execPath, join(import.meta.dirname, 'weir.ts'), mode, String(port), String(upstream), String(routes)];
}
