/**
 * `npm run soak [-- <part of a step's name>] [--share 0.1] [--seed 7]`: what takes too long for `npm test`. Every file
 * `test/soak/*.soak.ts` is a step. What each did is printed and appended as a line of JSON to `bench/soak.jsonl`.
 */
import { appendFileSync, globSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { SoakStep } from '../test/soak/step.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { share: { type: 'string', default: '1' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
});
const options = { share: Number(values.share), seed: Number(values.seed) };
let failed = false;
for (const file of globSync('test/soak/*.soak.ts', { cwd: root }).sort()) {
  const { default: step } = (await import(path.join(root, file))) as { default: SoakStep };
  if (positionals.some((part) => !step.name.includes(part))) continue;
  const missing = step.missing?.();
  if (missing) {
    process.stderr.write(`SKIP ${step.name}: ${missing}\n`);
    continue;
  }
  const from = performance.now();
  const line = {
    step: step.name,
    at: new Date().toISOString(),
    ...options,
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
  };
  try {
    const result = await step.run(options);
    const done = { ...line, seconds: Math.round((performance.now() - from) / 1000), load: Math.round(loadavg()[0]! * 10) / 10, ...result };
    process.stdout.write(`${JSON.stringify(done)}\n`);
    appendFileSync(path.join(root, 'bench', 'soak.jsonl'), `${JSON.stringify(done)}\n`);
  } catch (error) {
    failed = true;
    process.stderr.write(`FAILED ${step.name} (seed ${options.seed}): ${(error as Error).stack}\n`);
  }
}
process.exit(failed ? 1 : 0);
