/** nginx as the benchmark runs it: the upstream of every proxy, and the proxy the others are compared with. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEY } from './core.ts';
import type { Place } from './place.ts';

export const NGINX = '/usr/sbin/nginx';
const LUA = '/usr/lib/nginx/modules/ngx_http_lua_module.so';
const FORWARD = `proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $remote_addr; proxy_buffers 16 64k; proxy_max_temp_file_size 0; client_body_buffer_size 2m;`;
/** nginx reads a body only to pass it on: it reads this one, then asks itself for an answer without it. */
const READ = `client_body_buffer_size 2m; proxy_pass http://inner; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_pass_request_body off; proxy_set_header Content-Length "";`;
const LIMIT_SCRIPT = `access_by_lua_block {
  local k = ngx.var.http_x_api_key; local c = k and keys[k]; if not c then return ngx.exit(401) end
  local t = ngx.shared.cnt; local n = t:incr('r:'..c.id..':'..math.floor(ngx.now()), 1, 0, 60)
  if n and n > c.rate then return ngx.exit(429) end
  t:incr('m:200', 1, 0); ngx.header['RateLimit'] = c.rate - (n or 0) }
  proxy_set_header X-Request-Id $request_id;`;

/** Everything goes to the upstream. */
export function plainNginx(place: Place): readonly string[] {
  return nginx(place.folder, 'proxy', proxyConfig(place, '', `location / { ${FORWARD} }`));
}

/** The upstream is reached by so many literal locations, which nginx keeps as a tree; there is none for other paths. */
export function nginxOfLocations(place: Place, count: number): readonly string[] {
  const locations = Array.from({ length: count }, (_, i) => `location /svc${i}/v1/items/ { ${FORWARD} }`);
  return nginx(place.folder, `locations-${count}`, proxyConfig(place, '', locations.join('\n')));
}

/** A key looked up and two counters, by Lua; undefined without its module. */
export function luaNginx(place: Place): readonly string[] | undefined {
  if (!existsSync(LUA)) return undefined;
  const keys = `lua_shared_dict cnt 10m; init_by_lua_block { keys = { ['${KEY}'] = { id = 1, rate = 1e9 } } }`;
  const config = proxyConfig(place, keys, `location / { ${LIMIT_SCRIPT + FORWARD} }`);
  return nginx(place.folder, 'lua', config, ['ndk_http', 'ngx_http_lua']);
}

/**
 * The upstream: 200 bytes of JSON at `/` and below `/svc…`, files the system keeps in memory, and at `/read` the same 200
 * bytes after the request's body was read to its end, as nearly every application does; at `/` they come before it.
 */
export function upstreamNginx(folder: string, port: number): readonly string[] {
  for (const kib of [1, 16, 1024]) writeFileSync(join(folder, `${kib}k`), 'x'.repeat(kib * 1024));
  const small = `default_type application/json; return 200 '{"a":"${'x'.repeat(192)}"}';`;
  const inner = join(folder, 'inner.sock');
  const config = `open_file_cache max=10; client_max_body_size 0;
    server { listen 127.0.0.1:${port} backlog=4096; root ${folder};
    location = / { ${small} } location /svc { ${small} } location / { } location = /read { ${READ} } }
    server { listen unix:${inner}; location / { ${small} } } upstream inner { server unix:${inner}; keepalive 64; }`;
  return nginx(folder, 'upstream', config);
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

function proxyConfig({ port, upstream, tls }: Place, before: string, locations: string): string {
  const keys = tls ? `ssl_certificate ${tls.chain}; ssl_certificate_key ${tls.key}; ssl_session_cache shared:tls:10m;` : '';
  const listen = `listen 127.0.0.1:${port} ${tls ? 'ssl http2 ' : ''}backlog=4096; ${keys}`;
  return `${before} upstream up { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }
    server { ${listen} client_max_body_size 0; ${locations} }`;
}
