/** Words and calls that do not belong: time and chance as globals, names with another meaning (STYLE 1, 8). */
import type { SourceFile } from './source.ts';

const GLOBALS: readonly [RegExp, string][] = [
  [/\bDate\.now\s*\(/, 'Date.now: take a Clock'],
  [/\bnew Date\(\s*\)/, 'new Date(): take a Clock'],
  [/\bMath\.random\b/, 'Math.random: take a Random'],
  [/(?<![.\w])(setTimeout|setInterval)\s*\(/, 'timers: take a Clock'],
  [/\bprocess\.env\b/, 'process.env: take the value'],
  [/(?<![.\w])console\./, 'console: take a Log'],
];
const GLOBALS_ALLOWED = /^src\/(base\/|main\.ts|wire\/)/;

/** Banned as a whole word inside exported names and configuration keys. */
const BANNED = ['service', 'backend', 'plugin', 'middleware', 'ctx', 'datasource', 'bookmark', 'desensitize'] as const;

/** Global time, chance, environment and console outside base/ and main.ts. */
export function globalFaults(files: readonly SourceFile[]): string[] {
  return files
    .filter((f) => f.file.startsWith('src/') && !f.isTest && !GLOBALS_ALLOWED.test(f.file))
    .flatMap(({ file, code }) =>
      code.split('\n').flatMap((line, i) => GLOBALS.filter(([pattern]) => pattern.test(line)).map(([, why]) => `${file}:${i + 1}: ${why}`)),
    );
}

/** Exported names that use a word with another meaning. */
export function wordFaults(files: readonly SourceFile[]): string[] {
  const exported = /^export (?:default )?(?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/;
  return files
    .filter((f) => f.file.startsWith('src/') && !f.isTest)
    .flatMap(({ file, lines }) =>
      lines.flatMap((line, i) => {
        const name = exported.exec(line)?.[1];
        const word = name && wordsOf(name).find((w) => (BANNED as readonly string[]).includes(w));
        return word ? [`${file}:${i + 1}: "${name}" uses the banned word "${word}"`] : [];
      }),
    );
}

/** `rateLimitMax` → rate, limit, max. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_-]+/);
}

/** Configuration keys that use a banned word. */
export function keyFaults(where: string, keys: readonly string[]): string[] {
  return keys.flatMap((key) =>
    wordsOf(key)
      .filter((w) => (BANNED as readonly string[]).includes(w))
      .map((w) => `${where}: key "${key}" uses the banned word "${w}"`),
  );
}
