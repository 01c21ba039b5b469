/** Documents named on the command line: files, folders (all YAML and JSON below), or `-` for standard input. */
import { verbatim } from '../base/text.ts';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Io } from './io.ts';
import problems from './problems.ts';

export interface NamedText {
  readonly file: string;
  readonly text: string;
}

const TEXT_BYTES_MAX = 16 * 2 ** 20;

/** The texts, in the order given, folders sorted by name. Raises `unreadable`, `nothing-there`, `too-long` when they are too long. */
export async function readDocuments(io: Io, places: readonly string[]): Promise<NamedText[]> {
  const texts: NamedText[] = [];
  let bytes = 0;
  for (const place of places) {
    for (const found of place === '-' ? [{ file: '-', text: await readStdin(io) }] : readPlace(place)) {
      bytes += found.text.length;
      if (bytes > TEXT_BYTES_MAX) throw problems.raise['too-long']({ values: { what: verbatim(places.join(', ')), limit: '16MiB' } });
      texts.push(found);
    }
  }
  if (texts.length === 0) throw problems.raise['nothing-there']({ values: { where: places.join(', ') } });
  return texts;
}

function readPlace(place: string): NamedText[] {
  return attempt(place, () => {
    if (!statSync(place).isDirectory()) return [{ file: place, text: readFileSync(place, 'utf8') }];
    return readdirSync(place, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ya?ml|json)$/.test(name) && !name.split(path.sep).some((step) => step.startsWith('.')))
      .sort()
      .map((name) => path.join(place, name))
      .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  });
}

async function readStdin(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.length > TEXT_BYTES_MAX) break;
  }
  return text;
}

function attempt<V>(file: string, read: () => V): V {
  try {
    return read();
  } catch (cause) {
    throw problems.raise.unreadable({ values: { file, reason: verbatim((cause as NodeJS.ErrnoException).code ?? String(cause)) }, cause });
  }
}
