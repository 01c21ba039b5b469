/** From file, environment and flags to what roles are started with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { mistake, type ProblemPointer } from '../base/problem.ts';
import { type LoadedConfig, loadConfig, SET_TWICE } from '../supervisor/config.ts';
import problems from '../supervisor/problems.ts';
import { type ProcessConfig, processConfig, type RoleConfig } from './config.ts';

/** The mechanical name of the setting that WEIR_MASTER_KEY_FILE, the name people look for, sets as well. */
const MASTER_KEY_FILE = 'WEIR_SECRETS_MASTER_KEY_FILE';

/**
 * The configuration of this folder and environment; raises `bad-config`. `file` is what `--config` names,
 * `flags` are values of the command line by dotted path.
 */
export function readConfig(file: string | undefined, flags: Readonly<Record<string, string>> = {}): LoadedConfig<ProcessConfig> {
  const named = file ?? process.env['WEIR_CONFIG'];
  const environment = { [MASTER_KEY_FILE]: process.env['WEIR_MASTER_KEY_FILE'], ...process.env };
  const twice = givenTwice(process.env);
  if (twice.length > 0) throw problems.raise['bad-config']({ values: { count: twice.length }, errors: twice });
  const loaded = loadConfig(processConfig, { file: named ?? 'weir.yaml', required: named !== undefined, environment, flags });
  const errors = betweenValues(loaded.config).map((e) => ({ ...e, file: loaded.origins[e.pointer.slice(1).replaceAll('/', '.')]! }));
  if (errors.length > 0) throw problems.raise['bad-config']({ values: { count: errors.length }, errors });
  return loaded;
}

/** Variables outside the mechanical names that say the same thing twice; nobody should have to know which one counts. */
function givenTwice(environment: NodeJS.ProcessEnv): ProblemPointer[] {
  const pairs = [
    ['WEIR_ADMIN_PASSWORD', 'WEIR_ADMIN_PASSWORD_FILE'],
    ['WEIR_MASTER_KEY_FILE', MASTER_KEY_FILE],
  ] as const;
  return pairs
    .filter(([one, other]) => environment[one] !== undefined && environment[other] !== undefined)
    .map(([one, other]) => mistake('', SET_TWICE, { one, other }));
}

const NEEDS_CONTROL = {
  en: 'must hold "control": the other roles get all they do from it, over a socket in its data folder',
  zh: '必须含“control”：其他角色都通过其数据目录中的套接字从它获取一切',
};
const SAME_PORT = {
  en: 'is {port}, and so is control.port: each needs a port of its own',
  zh: '为 {port}，与 control.port 相同：两者需要各自的端口',
};

/** Mistakes that lie in no single value. */
function betweenValues({ roles, gateway, control }: ProcessConfig): ProblemPointer[] {
  const errors: ProblemPointer[] = [];
  if (!roles.includes('control')) errors.push(mistake('/roles', NEEDS_CONTROL));
  if (gateway.port !== 0 && gateway.port === control.port) errors.push(mistake('/gateway/port', SAME_PORT, { port: gateway.port }));
  return errors;
}

/** Paths made absolute: roots and watched folder lie beside the data folder unless absolute. */
export function roleConfig(config: ProcessConfig, loadSample: boolean): RoleConfig {
  const dataFolder = path.resolve(config.dataDir);
  const beside = (folder: string) => path.resolve(path.dirname(dataFolder), folder);
  return {
    config,
    dataFolder,
    loadSample,
    fileRoots: config.files.roots.map(beside),
    resourceFolder: config.resources.folder === undefined ? undefined : beside(config.resources.folder),
    masterKeyFile: config.secrets.masterKeyFile === undefined ? path.join(dataFolder, 'master.key') : beside(config.secrets.masterKeyFile),
    variables: variables(config),
    adminPassword: fromFile('WEIR_ADMIN_PASSWORD'),
  };
}

/** Values that documents may use, and no others: a role never sees the whole environment. */
function variables(config: ProcessConfig): Record<string, string> {
  const allowed = new Set(config.resources.environment);
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && (entry[0].startsWith('WEIR_VAR_') || allowed.has(entry[0])),
    ),
  );
}

function fromFile(name: string): string | undefined {
  const file = process.env[`${name}_FILE`];
  return file === undefined ? process.env[name] : readFileSync(file, 'utf8').trimEnd();
}
