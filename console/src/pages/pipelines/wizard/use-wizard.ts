/** The wizard's draft, kept in the browser with every change: leaving, going back, or a closed tab loses nothing. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useProject } from '../../../ui/project.tsx';
import { emptyDraft, furthestStep, isStarted, readDraft, STEPS, type Step, type WizardDraft } from './draft.ts';

export interface Wizard {
  readonly draft: WizardDraft;
  /** True when the draft was kept from an earlier visit. */
  readonly restored: boolean;
  readonly step: Step;
  readonly change: (parts: Partial<WizardDraft>) => void;
  /** Another step is another address, so that back and forward work. */
  readonly go: (step: Step) => void;
  /** Throws the draft away. */
  readonly clear: () => void;
}

export function useWizard(): Wizard {
  const { projectOrDefault } = useProject();
  const { who } = useSession();
  const key = `weir.pipeline-wizard.${who.name}`;
  const [restored, setRestored] = useState(() => isStarted(readDraft(localStorage.getItem(key)) ?? emptyDraft('', '')));
  const fresh = useCallback(() => emptyDraft(projectOrDefault, Intl.DateTimeFormat().resolvedOptions().timeZone), [projectOrDefault]);
  const [draft, setDraft] = useState<WizardDraft>(() => readDraft(localStorage.getItem(key)) ?? fresh());
  const search = useSearch({ strict: false }) as { step?: string };
  const navigate = useNavigate();
  const wanted = Math.max(0, STEPS.indexOf(search.step as Step));
  const step = STEPS[Math.min(wanted, furthestStep(draft))]!;
  const change = useCallback(
    (parts: Partial<WizardDraft>) => {
      setDraft((before) => {
        const next = { ...before, ...parts };
        localStorage.setItem(key, JSON.stringify(next));
        return next;
      });
    },
    [key],
  );
  const go = useCallback(
    (to: Step) => void navigate({ to: '.', search: (before: Record<string, unknown>) => ({ ...before, step: to }) } as never),
    [navigate],
  );
  const clear = useCallback(() => {
    localStorage.removeItem(key);
    setRestored(false);
    setDraft(fresh());
  }, [key, fresh]);
  return { draft, restored, step, change, go, clear };
}
