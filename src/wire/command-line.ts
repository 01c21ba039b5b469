/** The command line, with the verbs that need no server. */
import { type ProblemPointer, toldPointer } from '../base/problem.ts';
import { homedir } from 'node:os';
import path from 'node:path';
import { runCli } from '../cli/cli.ts';
import type { OfflineVerbs } from '../cli/io.ts';
import { allowedEnvironment } from '../control/documents/variables.ts';
import { clock } from './common.ts';
import { readConfig, roleConfig } from './load-config.ts';
import { version } from './version.ts';

/** Runs one command line; answers the exit code. */
export function runCommandLine(argv: readonly string[]): Promise<number> {
  // Whoever read it (`head`) has seen enough. What runs on, such as `up`, has nobody to tell any more.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (argv[0] !== 'up') process.exit();
  });
  return runCli(
    { argv, env: process.env, stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, home: homedir(), clock },
    offline,
  );
}

const offline: OfflineVerbs = {
  version,
  local() {
    const { config } = readConfig(undefined);
    const { host, port } = config.control;
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    return {
      address: `http://${name.includes(':') ? `[${name}]` : name}:${port}`,
      tokenFile: path.join(path.resolve(config.dataDir), 'cli-token'),
    };
  },
  up: async (options) => (await import('./up.ts')).runUp(options),
  async doctor({ config }) {
    const { examineFiles } = await import('./doctor.ts');
    return examineFiles(roleConfig(readConfig(config).config, false)).map(({ check, ...rest }) => ({ where: check, ...rest }));
  },
  async validate(sources, options) {
    const [{ validateDocuments }, { registry }, { kinds }, { createDataApiCompiler }] = await Promise.all([
      import('../control/configuration.ts'),
      import('../../generated/registry.ts'),
      import('../../generated/kinds.ts'),
      import('../dataapi/compiler.ts'),
    ]);
    const role = roleConfig(readConfig(undefined).config, false);
    const environment = allowedEnvironment(role.variables, role.config.resources.environment);
    const told = (problem: ProblemPointer) => toldPointer(problem, options.language);
    const checks = await validateDocuments(sources, { registry, kinds, dataApis: createDataApiCompiler(), environment, clock }, options);
    return checks.map(({ file, line, key, problems }) => ({
      file: file ?? null,
      line: line ?? null,
      key: key ?? null,
      problems: problems.map(told),
    }));
  },
  async config({ config }) {
    const { shown, origins } = readConfig(config);
    return Object.entries(shown).map(([key, value]) => ({ key, value, origin: origins[key] ?? 'default' }));
  },
};
