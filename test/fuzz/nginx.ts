/** An nginx of its own as a proxy before one upstream: the other reader of differential tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../servers/process.ts';

const BINARY = '/usr/sbin/nginx';
const START_MS = 10_000;

/** Why there is none, or undefined. */
export const nginxMissing = existsSync(BINARY) ? undefined : 'nginx is not installed (Debian: apt-get install nginx-light)';

export interface Nginx {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts nginx on loopback before `upstreamPort`; in the foreground, one worker, files of its own. */
export async function startNginx(upstreamPort: number): Promise<Nginx> {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-nginx-'));
  const port = await freePort();
  writeFileSync(path.join(folder, 'nginx.conf'), configuration(folder, port, upstreamPort));
  const child = spawn(BINARY, ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')], {
    stdio: 'ignore',
  });
  await untilListening(port, child);
  return {
    port,
    async stop() {
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Passes on what it reads as it reads it: nothing is merged, cached or tried twice. */
function configuration(folder: string, port: number, upstreamPort: number): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ');
  return `daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log crit;
events { worker_connections 512; }
http {
  access_log off; merge_slashes off; keepalive_timeout 5s; server_tokens off; large_client_header_buffers 4 16k;
  ${temp}
  upstream up { server 127.0.0.1:${upstreamPort} max_fails=0; keepalive 8; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_ignore_client_abort on; proxy_next_upstream off; proxy_intercept_errors off;
    }
  }
}
`;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const give = AbortSignal.timeout(START_MS);
  for (;;) {
    if (child.exitCode !== null || give.aborted) throw new Error('nginx did not start');
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => (socket.destroy(), resolve(true)));
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
