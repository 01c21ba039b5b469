/** `generated/openapi.json`: the admin API as a document, without a running server. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openApiDocument } from '../../src/control/api/openapi.ts';
import type { Operation } from '../../src/control/api/operation.ts';
import type { Registry } from '../../src/sdk/registry.ts';

/** The document's text, two spaces deep, ended by a newline. */
export function renderOpenApi(registry: Registry, operations: readonly Operation[]): string {
  const packageFile = path.resolve(import.meta.dirname, '../../package.json');
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  return `${JSON.stringify(openApiDocument(registry, operations, version), null, 2)}\n`;
}
