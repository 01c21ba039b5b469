/** The tree as tidy sees it: each TypeScript file with its text, its lines and what it imports. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { listFiles } from '../generate/files.ts';

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly file: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Text without comments and string contents, same length: for word searches. */
  readonly code: string;
  /** Imported files of ours, relative to the root. */
  readonly imports: readonly string[];
  readonly isTest: boolean;
}

/** Reads every `.ts` and `.tsx` file below the folders. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(root, folder))
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => {
      const text = readFileSync(path.join(root, file), 'utf8');
      return {
        file,
        text,
        lines: text.split('\n'),
        code: blank(text),
        imports: importsOf(file, text),
        isTest: /\.(test|suite)\.tsx?$/.test(file) || file.startsWith('test/'),
      };
    });
}

function importsOf(file: string, text: string): string[] {
  const found = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|new URL\(\s*)'(\.{1,2}\/[^']+)'/g)].map((m) => m[1]!);
  return found.map((spec) => path.posix.join(path.posix.dirname(file), spec));
}

/** Replaces comments and the contents of strings by spaces, so that words in them do not count. */
export function blank(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, (match) =>
    match.replace(/[^\n]/g, ' '),
  );
}
