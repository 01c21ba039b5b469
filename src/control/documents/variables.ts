/**
 * `${env:NAME}`, `${secret:name}` and `${kept:id}` in values people write.
 *
 *   env     replaced before validation, from the names allowed here
 *   secret  the value of a Secret of the same project; only as the whole of a secret() field
 *   kept    stands for a value that was written before and is stored sealed; only in that same resource
 */

import { type Text, tell } from '../../base/text.ts';

export type Variable =
  | { readonly source: 'env'; readonly name: string }
  | { readonly source: 'secret'; readonly name: string }
  | { readonly source: 'kept'; readonly name: string };

const PATTERN = /\$\{(env|secret|kept):([^}]{0,200})\}/g;

/** All variables of a text, in order. */
export function variablesIn(text: string): Variable[] {
  if (!text.includes('${')) return [];
  return [...text.matchAll(PATTERN)].map(([, source, name]) => ({ source, name }) as Variable);
}

/** The one variable that makes up the whole text, or undefined. */
export function wholeVariable(text: string): Variable | undefined {
  const [first, ...more] = variablesIn(text);
  return first && more.length === 0 && text === `\${${first.source}:${first.name}}` ? first : undefined;
}

/** Text of a placeholder for a stored secret value. */
export function keptText(id: string): string {
  return `\${kept:${id}}`;
}

/** Which environment names documents may use: `WEIR_VAR_*`, and those listed in process config. */
export interface AllowedEnvironment {
  /** The value, or undefined when the name is not set. Asked only for allowed names. */
  get(name: string): string | undefined;
  allowed(name: string): boolean;
}

/** Allows `WEIR_VAR_*` and `names` of `values`. */
export function allowedEnvironment(
  values: Readonly<Record<string, string | undefined>>,
  names: readonly string[] = [],
): AllowedEnvironment {
  const listed = new Set(names);
  const allowed = (name: string): boolean => /^WEIR_VAR_[A-Z0-9_]+$/.test(name) || listed.has(name);
  return { allowed, get: (name) => (allowed(name) && Object.hasOwn(values, name) ? values[name] : undefined) };
}

const NOT_ALLOWED: Text = {
  en: 'uses {name}, which is not allowed: only WEIR_VAR_* and the names under resources.environment in weir.yaml are',
  zh: '使用了 {name}，但不允许：只能用 WEIR_VAR_* 和 weir.yaml 中 resources.environment 列出的名称',
};

/** Replaces `${env:…}`; `problem` is why a name could not be replaced. */
export function fillEnvironment(text: string, environment: AllowedEnvironment): { text: string; problem?: Text } {
  let problem: Text | undefined;
  const filled = text.replace(PATTERN, (all: string, source: string, name: string) => {
    if (source !== 'env') return all;
    if (!environment.allowed(name)) problem ??= tell(NOT_ALLOWED, { name: `\${env:${name}}` });
    const value = environment.get(name);
    if (value === undefined)
      problem ??= tell({ en: 'uses {name}, which is not set', zh: '使用了 {name}，但它未设置' }, { name: `\${env:${name}}` });
    return value ?? all;
  });
  return problem === undefined ? { text: filled } : { text: filled, problem };
}
