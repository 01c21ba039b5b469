/** A copy of this checkout with the packages the program needs to run, and none that only builds or tests it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './weir.ts';

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Copies it to `target`, readable for everybody, as if set-up had run there. */
export function copyCheckout(target: string): void {
  const modules = path.join(target, 'node_modules');
  mkdirSync(modules, { recursive: true });
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root });
  const named = files
    .toString()
    .split('\0')
    .filter((name) => name !== '' && existsSync(path.join(root, name)));
  copy([...named, ...runtimePackages()], target);
  const lock = readFileSync(path.join(target, 'package-lock.json'));
  writeFileSync(path.join(modules, '.weir-lock-hash'), createHash('sha256').update(lock).digest('hex'));
  execFileSync('chmod', ['-R', 'a+rX', target]);
}

function copy(names: readonly string[], target: string): void {
  const archive = path.join(target, 'copy.tar');
  execFileSync('tar', ['--null', '-T', '-', '-cf', archive], { cwd: root, input: names.join('\0') });
  execFileSync('tar', ['-xf', archive, '-C', target]);
  execFileSync('rm', [archive]);
}

/** Folders in node_modules that `dependencies` and what they depend on stand in, by the lock file. */
function runtimePackages(): string[] {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> };
  const found = new Set<string>();
  const visit = (from: string): void => {
    const { dependencies, optionalDependencies } = packages[from]!;
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const at = placeOf(packages, from, name);
      if (at === undefined || found.has(at)) continue;
      found.add(at);
      visit(at);
    }
  };
  visit('');
  return [...found].filter((at) => !at.includes('/node_modules/') && existsSync(path.join(root, at)));
}

/** Where `from` finds the package: beside its own, else one folder further out, as Node looks for it. */
function placeOf(packages: Readonly<Record<string, Locked>>, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.includes('/node_modules/') ? at.slice(0, at.lastIndexOf('/node_modules/')) : '') {
    const place = path.posix.join(at, 'node_modules', name);
    if (packages[place]) return place;
    if (at === '') return undefined;
  }
}
