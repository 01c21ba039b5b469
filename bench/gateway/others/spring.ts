/** Spring Cloud Gateway (WebFlux): an application of one class, one route for all paths, one event loop, no access log. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../place.ts';

export const SPRING_CLOUD_VERSION = '2025.0.0';
const SPRING_BOOT_VERSION = '3.5.0';
const dependency = (group: string, artifact: string, more = ''): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>${more}</dependency>`;
const CLOUD = dependency(
  'org.springframework.cloud',
  'spring-cloud-dependencies',
  `<version>${SPRING_CLOUD_VERSION}</version><type>pom</type><scope>import</scope>`,
);
const PROJECT = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId>
<version>${SPRING_BOOT_VERSION}</version><relativePath/></parent>
<groupId>bench</groupId><artifactId>spring</artifactId><version>1</version>
<properties><java.version>17</java.version></properties>
<dependencyManagement><dependencies>${CLOUD}</dependencies></dependencyManagement>
<dependencies>${dependency('org.springframework.cloud', 'spring-cloud-starter-gateway-server-webflux')}</dependencies>
<build><plugins><plugin>
<groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId>
</plugin></plugins></build>
</project>
`;
const PROGRAM = `package bench;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class Proxy {
  public static void main(String[] arguments) {
    SpringApplication.run(Proxy.class, arguments);
  }
}
`;

const program = (cache: string): string => join(cache, 'spring', 'target', 'spring-1.jar');

/** Builds the application in the cache. */
export function obtainSpring(cache: string): void {
  const cwd = join(cache, 'spring');
  const sources = join(cwd, 'src', 'main', 'java', 'bench');
  mkdirSync(sources, { recursive: true });
  writeFileSync(join(cwd, 'pom.xml'), PROJECT);
  writeFileSync(join(sources, 'Proxy.java'), PROGRAM);
  execFileSync('mvn', ['-q', '-B', 'package'], { cwd, stdio: 'inherit' });
}

/** The command; undefined when the application is not in the cache. */
export function spring(cache: string, { port, upstream }: Place): readonly string[] | undefined {
  if (!existsSync(program(cache))) return undefined;
  const route = '--spring.cloud.gateway.server.webflux.routes[0]';
  return [
    'java',
    '-Xmx512m',
    '-XX:ActiveProcessorCount=1',
    '-Dreactor.netty.ioWorkerCount=1',
    '-jar',
    program(cache),
    '--logging.level.root=error',
    '--spring.main.banner-mode=off',
    '--server.address=127.0.0.1',
    `--server.port=${port}`,
    '--spring.cloud.gateway.server.webflux.httpclient.pool.type=fixed',
    '--spring.cloud.gateway.server.webflux.httpclient.pool.max-connections=128',
    `${route}.id=all`,
    `${route}.uri=http://127.0.0.1:${upstream}`,
    `${route}.predicates[0]=Path=/**`,
  ];
}
