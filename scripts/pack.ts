/**
 * `npm run pack`: emits JavaScript into a staging folder (Node refuses `.ts` under node_modules), packs
 * it, installs the package in an empty folder and runs `weir --version` there.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureConsole } from '../bin/console.cjs';

const root = path.resolve(import.meta.dirname, '..');
const staging = path.join(root, 'dist', 'package');
const INSTALL_TIMEOUT_MS = 300_000;

interface Manifest {
  version: string;
  [key: string]: unknown;
}

const npm = (args: string[], cwd: string): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', timeout: INSTALL_TIMEOUT_MS, stdio: ['ignore', 'pipe', 'inherit'] });

async function emit(): Promise<Manifest> {
  const failure = await ensureConsole(root);
  if (failure) throw new Error(failure);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const config = path.join(root, 'tsconfig.pack.json');
  execFileSync(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', config], {
    cwd: root,
    stdio: 'inherit',
  });
  for (const name of ['LICENSE', 'README.md', 'README.zh-CN.md', 'CHANGELOG.md', 'bin'])
    cpSync(path.join(root, name), path.join(staging, name), { recursive: true });
  cpSync(path.join(root, 'src', 'store', 'migrations'), path.join(staging, 'src', 'store', 'migrations'), { recursive: true });
  for (const name of readdirSync(path.join(root, 'generated')).filter((n) => n.endsWith('.json'))) {
    cpSync(path.join(root, 'generated', name), path.join(staging, 'generated', name));
  }
  cpSync(path.join(root, 'console', 'dist'), path.join(staging, 'console', 'dist'), { recursive: true });
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;
  const { private: _private, scripts: _scripts, devDependencies: _dev, workspaces: _workspaces, ...published } = manifest;
  writeFileSync(path.join(staging, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  return manifest;
}

/** Installs the tarball in an empty folder and answers what `weir --version` prints there. */
function tryInstall(tarball: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-pack-'));
  try {
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', tarball], folder);
    return execFileSync(path.join(folder, 'node_modules', '.bin', 'weir'), ['--version'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    }).trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const manifest = await emit();
const tarball = path.join(staging, npm(['pack', '--silent'], staging).trim().split('\n').at(-1)!);
const printed = tryInstall(tarball);
if (!printed.includes(manifest.version)) {
  process.stderr.write(`the installed package printed "${printed}", not version ${manifest.version}\n`);
  process.exit(1);
}
process.stdout.write(`packed ${path.relative(root, tarball)}; installed in an empty folder it prints: ${printed}\n`);
