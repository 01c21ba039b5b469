/** Checks documents without a store: what `weir validate` does offline, and the API on request. */
import type { Clock } from '../../base/clock.ts';
import { mapSliced } from '../../base/slices.ts';
import { tell } from '../../base/text.ts';
import type { DataApiCompiler } from '../../sdk/dataapi.ts';
import type { ConnectorRole } from '../../sdk/connector.ts';
import type { Dialect } from '../../sdk/query.ts';
import type { DocumentReading } from '../documents/reading.ts';
import { type ApplyParts, checkKinds, checkSources } from './apply.ts';
import { createCatalog } from './catalog.ts';
import type { CheckEnvironment } from './check.ts';
import { settle, wish } from './plan.ts';
import { keyText, type SecretBox } from './seal.ts';
import type { DocumentCheck, SourceText, ValidateOptions } from './types.ts';

export interface ValidateParts extends CheckEnvironment {
  readonly reading: DocumentReading;
  readonly dataApis: DataApiCompiler;
  dialect(connector: string): Dialect | undefined;
  roles(connector: string): readonly ConnectorRole[] | undefined;
  /** Judges what expires; left out, nothing is said of that. */
  readonly clock?: Pick<Clock, 'now'>;
}

/** Every document with its problems; with `complete`, references and conflicts among the documents too. Pure. */
export async function validateSources(
  sources: readonly SourceText[],
  parts: ValidateParts,
  options: ValidateOptions = {},
): Promise<DocumentCheck[]> {
  const documents = await checkKinds(
    await checkSources(sources, parts),
    undefined,
    parts satisfies Pick<ApplyParts, 'dataApis' | 'dialect' | 'roles' | 'clock' | 'reading'>,
  );
  const nothing = createCatalog();
  const wishes = await mapSliced(documents, parts.reading.slices(), (document) => {
    const good = options.complete && document.key && document.problems.length === 0;
    const earlier = () => new Map(document.secrets.map(({ kept }) => [kept ?? '', '']));
    return good
      ? wish(document, document.key, { catalog: nothing, manager: 'api', box: KEEPS_NOTHING, reading: parts.reading, earlier })
      : undefined;
  });
  settle(
    wishes.filter((made) => made !== undefined),
    [],
    nothing,
  );
  const seen = new Set<string>();
  return documents.map(({ parsed, key, problems }, index) => {
    const repeated =
      key && seen.has(keyText(key))
        ? [
            {
              pointer: '/metadata/name',
              detail: tell({ en: '{key} stands twice', zh: '{key} 出现了两次' }, { key: keyText(key) }),
              line: parsed.line,
              ...(parsed.file === undefined ? {} : { file: parsed.file }),
            },
          ]
        : [];
    if (key) seen.add(keyText(key));
    return { file: parsed.file, line: parsed.line, key, problems: [...(wishes[index]?.problems ?? problems), ...repeated] };
  });
}

/** Nothing is stored here, so nothing need be opened again. */
const KEEPS_NOTHING: SecretBox = { seal: () => 'x', open: () => '', hmac: () => '0'.repeat(64) };
