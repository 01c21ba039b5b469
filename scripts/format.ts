/** `npm run format`: one form for all TypeScript, by Biome. `--check` only looks. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const biome = path.join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
const write = process.argv.includes('--check') ? [] : ['--write'];
process.exitCode = spawnSync(process.execPath, [biome, 'format', ...write], { cwd: root, stdio: 'inherit' }).status ?? 1;
