/**
 * Finds objects where words are made: a `Text` in a template, or added to a string, reads `[object Object]`, and no
 * compiler option refuses it. The types are the compiler's own, so that names do not matter.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { API, type Checker, type Type, TypeFlags, type UnionType } from 'typescript/unstable/sync';
import { type BinaryExpression, type Expression, type Node, SyntaxKind, type TemplateSpan } from 'typescript/unstable/ast';

/** Objects that say what they are when they become words. */
const SPEAKING = new Set(['RegExp', 'URL', 'URLSearchParams', 'Buffer', 'Array', 'ReadonlyArray']);

/** One line per object that would become words, in the `.ts` files below `folders` of the project of `tsconfig.json`. */
export function interpolationFaults(root: string, folders: readonly string[]): string[] {
  const api = new API({ cwd: root });
  try {
    const config = path.join(root, 'tsconfig.json');
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)!;
    const below = (file: string) => folders.some((folder) => file.startsWith(path.join(root, folder) + path.sep));
    const files = project.program.getSourceFileNames().filter((file) => below(file) && !file.endsWith('.test.ts'));
    return files
      .filter((file) => readFileSync(file, 'utf8').includes('${'))
      .flatMap((file) => {
        const source = project.program.getSourceFile(file)!;
        return faultsOf(project.checker, expressionsOf(source)).map((expression) => {
          const line = source.text.slice(0, expression.getStart()).split('\n').length;
          return `${path.relative(root, file)}:${line}: ${expression.getText()} is an object: take its text of one language, or tell()`;
        });
      });
  } finally {
    api.close();
  }
}

/** Expressions that stand in a template, or beside a `+`. */
function expressionsOf(source: Node): Expression[] {
  const found: Expression[] = [];
  const visit = (node: Node): void => {
    if (node.kind === SyntaxKind.TemplateSpan) found.push((node as TemplateSpan).expression);
    if (node.kind === SyntaxKind.BinaryExpression && (node as BinaryExpression).operatorToken.kind === SyntaxKind.PlusToken)
      found.push((node as BinaryExpression).left, (node as BinaryExpression).right);
    node.forEachChild((child) => {
      visit(child);
    });
  };
  visit(source);
  return found;
}

function faultsOf(checker: Checker, expressions: readonly Expression[]): Expression[] {
  if (expressions.length === 0) return [];
  const types = checker.getTypeAtLocation(expressions);
  return expressions.filter((_, i) => types[i] !== undefined && isMute(types[i]));
}

function isMute(type: Type): boolean {
  if (type.flags & TypeFlags.Union) return (type as UnionType).getTypes().some(isMute);
  return (type.flags & TypeFlags.Object) !== 0 && !SPEAKING.has(type.getSymbol()?.name ?? '');
}
