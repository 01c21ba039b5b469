/** Path patterns of routes and data APIs: literal segments, `{name}`, and `**` at the end. */
import type { ProblemPointer } from '../../base/problem.ts';

/** Mistakes of one pattern, at `pointer`. */
export function checkPath(path: string, pointer: string): ProblemPointer[] {
  const wrong = (detail: string): ProblemPointer[] => [{ pointer, detail }];
  if (!path.startsWith('/')) return wrong('must begin with "/"');
  if (/[?#\s]/.test(path)) return wrong('must not hold "?", "#" or spaces');
  const segments = path.slice(1).split('/');
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    if (segment === '**') {
      if (index !== segments.length - 1) return wrong('may hold ** only as its last segment');
    } else if (segment.includes('*')) return wrong(`has "${segment}": a star stands only as ** and only at the end`);
    else if (/[{}]/.test(segment)) {
      const name = /^\{([A-Za-z_][A-Za-z0-9_]{0,62})\}$/.exec(segment)?.[1];
      if (!name) return wrong(`has "${segment}": a parameter is a whole segment such as {id}`);
      if (names.has(name)) return wrong(`has the parameter {${name}} twice`);
      names.add(name);
    } else if (segment === '' && index !== segments.length - 1) return wrong('has an empty segment (//)');
    else if (segment === '.' || segment === '..') return wrong(`has the segment "${segment}"`);
  }
  return [];
}

/** Names of a pattern's parameters, in order. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map((match) => match[1]!);
}

/** Parameters in use that `path` does not give. */
export function checkParameters(used: readonly string[], path: string, pointer: string): ProblemPointer[] {
  const given = new Set(parametersOf(path));
  return used.filter((name) => !given.has(name)).map((name) => ({ pointer, detail: `uses {${name}}, which the path "${path}" does not have` }));
}
