/**
 * Finds object literals with a getter or setter where a request passes. V8 keeps such an object as a dictionary: each use
 * of any of its fields is a search by hash, several times as dear as a field of a class (found by asking
 * `%HasFastProperties` of all that a connection holds). A class with a getter, or a plain field, costs nothing.
 */
import path from 'node:path';
import { API } from 'typescript/unstable/sync';
import { type Node, SyntaxKind } from 'typescript/unstable/ast';

/** One line per literal with a getter or setter, in the `.ts` files below `folders` of the project of `tsconfig.json`. */
export function getterFaults(root: string, folders: readonly string[]): string[] {
  const api = new API({ cwd: root });
  try {
    const project = api.updateSnapshot({ openProjects: [path.join(root, 'tsconfig.json')] }).getProject(path.join(root, 'tsconfig.json'))!;
    const below = (file: string) => folders.some((folder) => file.startsWith(path.join(root, folder) + path.sep));
    return project.program
      .getSourceFileNames()
      .filter((file) => below(file) && !file.endsWith('.test.ts'))
      .flatMap((file) => {
        const source = project.program.getSourceFile(file)!;
        return literalsWithGetters(source).map((node) => {
          const line = source.text.slice(0, node.getStart()).split('\n').length;
          return `${path.relative(root, file)}:${line}: an object literal with a getter is a dictionary to V8: make it a class, or the getter a field or a method`;
        });
      });
  } finally {
    api.close();
  }
}

function literalsWithGetters(source: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    const isAccessor = node.kind === SyntaxKind.GetAccessor || node.kind === SyntaxKind.SetAccessor;
    if (isAccessor && node.parent.kind === SyntaxKind.ObjectLiteralExpression && found.at(-1) !== node.parent) found.push(node.parent);
    node.forEachChild((child) => {
      visit(child);
    });
  };
  visit(source);
  return found;
}
