/** The plan of the draft, asked again a moment after the last change. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../../../api/client.ts';
import { specOf, type WizardDraft } from './draft.ts';

const CALM_MS = 500;

/** What a run of the draft would do. The last good plan stays while the next one is made. */
export function usePlan(draft: WizardDraft) {
  const { project } = draft;
  const spec = useCalm(JSON.stringify(specOf(draft)));
  return useQuery({
    queryKey: ['wizard-plan', project, spec],
    queryFn: async ({ signal }) => (await api.planPipeline({ params: { project }, body: { spec: JSON.parse(spec) }, signal })).data,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
}

/** The value once it has stood still. */
function useCalm(value: string): string {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), CALM_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return calm;
}
