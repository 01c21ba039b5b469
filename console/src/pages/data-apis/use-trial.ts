/** Runs the document being built, read-only, and remembers of which text the answer is. */
import { useMutation } from '@tanstack/react-query';
import { useRef } from 'react';
import type { DataApiDraft } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import type { DocumentUse } from '../../documents/use-document.ts';
import type { ApiSpec } from './api-spec.ts';
import { type Inferred, parameterRows, trialValues } from './parameters.ts';

export interface Trial {
  readonly answer: DataApiDraft | undefined;
  readonly error: unknown;
  readonly running: boolean;
  /** Spec that was run. */
  readonly spec: ApiSpec | undefined;
  readonly inferred: readonly Inferred[];
  /** Runs the newest spec; a run under way is called off. */
  run(): Promise<DataApiDraft>;
}

/** Trials of one document. */
export function useTrial(project: string, document: DocumentUse): Trial {
  const latest = useRef(document);
  latest.current = document;
  const going = useRef<AbortController>(undefined);
  const { data, error, isPending, mutateAsync } = useMutation({
    mutationFn: async () => {
      going.current?.abort();
      const own = new AbortController();
      going.current = own;
      // What was typed as YAML must be read first, and the page must have drawn it.
      if (!latest.current.settled) await latest.current.settle();
      await new Promise((resolve) => setTimeout(resolve));
      const spec = specOf(latest.current.value);
      const values = trialValues(parameterRows(spec));
      const body = { name: 'draft', spec: spec as Record<string, unknown>, values };
      return { spec, answer: (await api.tryDataApi({ params: { project }, body, signal: own.signal })).data };
    },
  });
  return {
    answer: data?.answer,
    error: error && !isAbort(error) ? error : undefined,
    running: isPending,
    spec: data?.spec,
    inferred: data?.answer.parameters ?? [],
    run: async () => (await mutateAsync()).answer,
  };
}

/** The spec of a document's value; empty while there is none. */
export function specOf(value: unknown): ApiSpec {
  const spec = (value as { spec?: unknown } | null | undefined)?.spec;
  return typeof spec === 'object' && spec !== null && !Array.isArray(spec) ? (spec as ApiSpec) : {};
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
