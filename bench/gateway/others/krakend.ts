/**
 * KrakenD's engine, Lura, with the router KrakenD uses. KrakenD CE itself is a module the Go proxy does not give out; Lura is
 * what carries its requests, so this is KrakenD without the parts that are switched on by configuration.
 * One core (GOMAXPROCS), no access log, bodies passed on unread (`no-op`), 250 idle connections to the upstream as it is by default.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../place.ts';

export const LURA_VERSION = '2.11.0';
const PROGRAM = `package main

import (
	"os"

	"github.com/gin-gonic/gin"
	"github.com/luraproject/lura/v2/config"
	"github.com/luraproject/lura/v2/logging"
	"github.com/luraproject/lura/v2/proxy"
	router "github.com/luraproject/lura/v2/router/gin"
	"github.com/luraproject/lura/v2/transport/http/server"
)

func main() {
	settings, err := config.NewParser().Parse(os.Args[1])
	if err != nil {
		panic(err)
	}
	gin.SetMode(gin.ReleaseMode)
	router.NewFactory(router.Config{
		Engine:         gin.New(),
		HandlerFactory: router.EndpointHandler,
		ProxyFactory:   proxy.DefaultFactory(logging.NoOp),
		Logger:         logging.NoOp,
		RunServer:      server.RunServer,
	}).New().Run(settings)
}
`;

const program = (cache: string): string => join(cache, 'krakend', 'lura');

/** Builds the program in the cache. */
export function obtainLura(cache: string): void {
  const cwd = join(cache, 'krakend');
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'main.go'), PROGRAM);
  writeFileSync(join(cwd, 'go.mod'), 'module bench\n\ngo 1.23.0\n');
  const go = (...args: string[]): Buffer => execFileSync('go', args, { cwd, stdio: 'inherit' }) as unknown as Buffer;
  go('get', `github.com/luraproject/lura/v2@v${LURA_VERSION}`);
  go('mod', 'tidy');
  go('build', '-o', program(cache), '.');
}

/** The command; undefined when the program is not in the cache. */
export function lura(cache: string, { folder, port, upstream }: Place): readonly string[] | undefined {
  if (!existsSync(program(cache))) return undefined;
  const backend = { host: [`http://127.0.0.1:${upstream}`], url_pattern: '/', encoding: 'no-op' };
  const config = {
    version: 3,
    port,
    listen_ip: '127.0.0.1',
    timeout: '600s',
    max_idle_connections: 250,
    max_idle_connections_per_host: 250,
    endpoints: [{ endpoint: '/', method: 'GET', output_encoding: 'no-op', input_headers: ['*'], backend: [backend] }],
  };
  const file = join(folder, 'krakend.json');
  writeFileSync(file, JSON.stringify(config));
  return ['env', 'GOMAXPROCS=1', program(cache), file];
}
