/**
 * Takes secret values out of documents. In the stored spec a value is `${sealed:<id>:<cipher text>}`, in the
 * stored text, and everywhere people see it, `${kept:<id>}`. The id is an HMAC under the installation's key
 * over resource and value: the same value keeps its id, so that dump → apply is the identity, and no id
 * helps to guess a value. Data safety before ease: a copy of a placeholder into another resource is refused.
 */
import { mistake, type ProblemPointer } from '../../base/problem.ts';
import type { Text } from '../../base/text.ts';
import { contentHash, type Json } from '../../base/json.ts';
import type { ResourceKey } from '../../sdk/resource.ts';
import { replaceScalars, writeDocument } from '../documents/edit.ts';
import { keptText } from '../documents/variables.ts';
import { locate } from '../documents/parse.ts';
import type { DocumentReading } from '../documents/reading.ts';
import type { CheckedDocument } from './check.ts';
import { mapTexts, replaceAt } from './value-at.ts';

/** What sealing needs of the installation's keys. */
export interface SecretBox {
  /** Encrypts; the answer holds neither `:` nor `}`. `context` is bound to it and needed to open it again. */
  seal(plain: string, context: string): string;
  /** Raises when the value was changed, or its key is gone. */
  open(sealed: string, context: string): string;
  /** HMAC-SHA-256 (hex) under a key of the installation, apart for each `purpose`. */
  hmac(purpose: string, text: string): string;
}

export interface SealParts {
  readonly box: SecretBox;
  readonly reading: Pick<DocumentReading, 'parse'>;
}

/** A box whose ids fit no stored value: `salt` is new each time. What it seals is not to be stored. */
export function blindBox(box: SecretBox, salt: string): SecretBox {
  return { ...box, hmac: (purpose, text) => box.hmac(`blind ${purpose}`, `${salt}\0${text}`) };
}

const SEALED = /^\$\{sealed:([0-9a-f]{32}):([^}]+)\}$/;

/** A document ready to be stored: no secret value is readable in it. */
export interface SealedDocument {
  readonly text: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Content hash of the spec with secrets as HMACs. */
  readonly release: string;
  /** A placeholder whose value is not known. */
  readonly problems: readonly ProblemPointer[];
}

/** Seals a checked document. `known` are the sealed values of this resource so far: id → stored form. */
export async function sealDocument(
  document: CheckedDocument,
  key: ResourceKey,
  known: ReadonlyMap<string, string>,
  { box, reading }: SealParts,
): Promise<SealedDocument> {
  const problems: ProblemPointer[] = [];
  const words = new Map<string, string>();
  const stored = new Map<string, string>();
  for (const { pointer, literal, kept } of document.secrets) {
    const id = literal === undefined ? kept! : valueId(key, literal, box);
    const sealed = known.get(id) ?? (literal === undefined ? undefined : `\${sealed:${id}:${box.seal(literal, contextOf(key))}}`);
    if (sealed === undefined) {
      problems.push(mistake(pointer, NO_VALUE, { key: keyText(key) }));
      continue;
    }
    stored.set(pointer.slice('/spec'.length), sealed);
    if (literal !== undefined) words.set(pointer, keptText(id));
  }
  const spec = replaceAt(document.written, stored);
  return { text: await sealText(document, words, reading), spec, release: releaseOf(spec), problems: locate(document.parsed, problems) };
}

const NO_VALUE: Text = {
  en: 'is a placeholder for a value that {key} does not have: write the value, or ${secret:name}',
  zh: '是占位符，但 {key} 没有它所代表的值：请写出该值，或用 ${secret:name}',
};

/** Content hash of a stored spec: its secrets stand in it as HMACs. */
export function releaseOf(stored: Readonly<Record<string, unknown>>): string {
  return contentHash(hideSealed(stored) as Json);
}

/** A stored spec as people may see it: placeholders for secret values. */
export function hideSealed<V>(stored: V): V {
  return mapTexts(stored, (text) => {
    const id = SEALED.exec(text)?.[1];
    return id === undefined ? text : keptText(id);
  });
}

/** The sealed values of a stored spec: id → stored form. */
export function sealedValues(stored: unknown): Map<string, string> {
  const found = new Map<string, string>();
  mapTexts(stored, (text) => {
    const id = SEALED.exec(text)?.[1];
    if (id !== undefined) found.set(id, text);
    return text;
  });
  return found;
}

/** The value behind a stored form, or undefined when the text is not one. */
export function openSealed(text: string, key: ResourceKey, box: SecretBox): string | undefined {
  const sealed = SEALED.exec(text)?.[2];
  return sealed === undefined ? undefined : box.open(sealed, contextOf(key));
}

/** `project/kind/name`, as messages and indexes use it. */
export function keyText(key: ResourceKey): string {
  return `${key.project}/${key.kind}/${key.name}`;
}

function contextOf(key: ResourceKey): string {
  return `resource/${keyText(key)}`;
}

function valueId(key: ResourceKey, value: string, box: SecretBox): string {
  return box.hmac('kept', `${keyText(key)}\0${value}`).slice(0, 32);
}

/**
 * Replaces the literals in the text and reads it again: when anything but the placeholders came out
 * different, the document is written anew from its value, so that no secret can stay behind by a slip.
 */
async function sealText(document: CheckedDocument, words: ReadonlyMap<string, string>, reading: SealParts['reading']): Promise<string> {
  const { text, places, value } = document.parsed;
  if (words.size === 0) return text;
  const wanted = replaceAt(value, words);
  const replaced = replaceScalars(text, places, words);
  const [again] = await reading.parse([{ text: replaced }]);
  const same = again?.problems.length === 0 && JSON.stringify(again.value) === JSON.stringify(wanted);
  return hideInComments(same ? replaced : writeDocument(wanted as Record<string, unknown>), document, reading);
}

/** A comment that repeats a secret value loses it too; a short one only as a word of its own, or half the alphabet would go. */
async function hideInComments(text: string, document: CheckedDocument, reading: SealParts['reading']): Promise<string> {
  const literals = document.secrets.flatMap(({ literal }) => (literal ? [literal] : []));
  if (!literals.some((literal) => text.includes(literal))) return text;
  const lines = text.split('\n').map((line) => {
    const comment = /(^|\s)#/.exec(line)?.index;
    if (comment === undefined) return line;
    return line.slice(0, comment) + literals.reduce(hideOne, line.slice(comment));
  });
  const hidden = lines.join('\n');
  const [before] = await reading.parse([{ text }]);
  const [after] = await reading.parse([{ text: hidden }]);
  return JSON.stringify(before?.value) === JSON.stringify(after?.value) ? hidden : text;
}

const SHORT_MAX = 5;

function hideOne(comment: string, literal: string): string {
  if (literal.length > SHORT_MAX) return comment.replaceAll(literal, '***');
  const word = literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return comment.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'gu'), '***');
}
