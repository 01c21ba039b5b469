/** Questions to a person at a terminal. Without one nothing is asked: the command says which option to give. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { type Language, type Text, fill, verbatim } from '../base/text.ts';
import type { Io } from './io.ts';
import problems from './problems.ts';

const SECRET_BYTES_MAX = 4096;

/** Asks for a yes; raises `needs-yes` without a terminal, `not-confirmed` for any other answer. */
export async function confirm(io: Io, language: Language, yes: boolean, question: Text): Promise<void> {
  if (yes) return;
  if (!io.stdin.isTTY || !io.stderr.isTTY) throw problems.raise['needs-yes']({ values: { what: question } });
  const answer = await readLine(io, `${fill(question, language)}? [y/N] `, false);
  if (!/^(y|yes|是)$/i.test(answer.trim())) throw problems.raise['not-confirmed']();
}

/** A secret: from `file` (`-` is standard input), else typed without echo. Raises `needs-input` without a terminal. */
export async function askSecret(io: Io, language: Language, what: Text, file: string | undefined): Promise<string> {
  if (file === '-') return readAll(io);
  if (file !== undefined) {
    try {
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (cause) {
      throw problems.raise.unreadable({
        values: { file, reason: verbatim((cause as NodeJS.ErrnoException).code ?? String(cause)) },
        cause,
      });
    }
  }
  if (!io.stdin.isTTY || !io.stderr.isTTY) {
    throw problems.raise['needs-input']({ values: { what, option: '--password-file <file>' } });
  }
  return readLine(io, `${fill(what, language)}: `, true);
}

function readLine(io: Io, prompt: string, hidden: boolean): Promise<string> {
  io.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: io.stdin, output: silent, terminal: hidden });
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => lines.close());
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => {
      if (hidden) io.stderr.write('\n');
      reject(problems.raise['not-confirmed']());
    });
  });
}

async function readAll(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.length > SECRET_BYTES_MAX)
      throw problems.raise['too-long']({ values: { what: { en: 'standard input', zh: '标准输入' }, limit: '4KiB' } });
  }
  return text.replace(/\r?\n$/, '');
}
