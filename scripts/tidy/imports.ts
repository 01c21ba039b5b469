/** Which room may import which (STYLE 10). A room is a folder of `src/`. */
import type { SourceFile } from './source.ts';

const EVERYBODY = ['sdk', 'base'];
const PLANE = [...EVERYBODY, 'connections', 'telemetry'];

/** What each room may import besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  sdk: ['base'],
  extensions: EVERYBODY,
  connections: [...EVERYBODY, 'telemetry'],
  telemetry: EVERYBODY,
  store: EVERYBODY,
  supervisor: EVERYBODY,
  sample: EVERYBODY,
  gateway: PLANE,
  dataapi: PLANE,
  pipeline: PLANE,
  workflow: PLANE,
  governance: PLANE,
  control: [...EVERYBODY, 'store', 'connections', 'telemetry', 'governance'],
  cli: EVERYBODY,
};
/** These know everybody: they wire. */
const WIRING = /^src\/(main\.ts|wire\/)/;

/** Every import that goes against the arrows. */
export function importFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  for (const { file, imports, isTest } of files) {
    if (file.startsWith('console/') && !isTest) faults.push(...consoleFaults(file, imports));
    if (!file.startsWith('src/') || WIRING.test(file) || isTest) continue;
    const room = file.split('/')[1]!;
    const allowed = ALLOWED[room];
    if (!allowed) {
      faults.push(`${file}: the room src/${room}/ is not known to scripts/tidy/imports.ts`);
      continue;
    }
    for (const target of imports) faults.push(...faultsOf(file, room, allowed, target));
  }
  return faults;
}

/** The console is a client of the admin API: of the server's code it knows the generated client alone. */
function consoleFaults(file: string, imports: readonly string[]): string[] {
  return imports
    .filter((target) => !target.startsWith('console/') && target !== 'generated/client.ts')
    .map((target) => `${file} imports ${target}: the console may import generated/client.ts alone`);
}

function faultsOf(file: string, room: string, allowed: readonly string[], target: string): string[] {
  if (target.startsWith('generated/')) {
    return room === 'cli' && /generated\/(client|problems)\.ts$/.test(target)
      ? []
      : [`${file} imports ${target}: generated lists are handed over by main.ts`];
  }
  if (!target.startsWith('src/')) return [`${file} imports ${target}, which is outside src/`];
  const other = target.split('/')[1]!;
  if (room === 'extensions' && other === 'extensions') {
    const own = file.split('/').slice(0, 4).join('/').replace(/\.ts$/, '');
    return target.startsWith(own) ? [] : [`${file} imports ${target}: extensions never import each other`];
  }
  if (other === room || allowed.includes(other)) return [];
  return [`${file} imports ${target}: src/${room}/ may import ${allowed.map((a) => `${a}/`).join(', ') || 'nothing of ours'}`];
}

/** Files that nothing reaches from the entry points, tests aside. */
export function deadFiles(files: readonly SourceFile[], entries: readonly string[]): string[] {
  const byName = new Map(files.map((f) => [f.file, f]));
  const reached = new Set<string>();
  const queue = [...entries];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    queue.push(...(byName.get(next)?.imports ?? []));
  }
  return files.filter((f) => f.file.startsWith('src/') && !f.isTest && !reached.has(f.file)).map((f) => `${f.file}: nothing imports it`);
}
