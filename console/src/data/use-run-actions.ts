/** Starting, cancelling and repeating runs: what was asked for shows at the click, not when the worker has heard of it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { App } from 'antd';
import type { Run } from '../../../generated/client.ts';
import { api, ProblemAnswer } from '../api/client.ts';
import { useSay } from '../ui/language.tsx';

const texts = {
  failed: { en: 'That did not work', zh: '操作未成功' },
};

/** The query key of one run. */
export const runKey = (id: string) => ['run', id] as const;

/** Tells a refusal in a note that stays until it is closed. */
export function useTellFailure(): (error: unknown) => void {
  const say = useSay();
  const { notification } = App.useApp();
  return (error) => {
    const problem = error instanceof ProblemAnswer ? error.problem : undefined;
    notification.error({
      title: problem?.title ?? say(texts.failed),
      description: problem?.detail ?? String((error as Error).message),
      duration: 0,
    });
  };
}

/** Starts a run and goes to it. */
export function useStartRun() {
  const tell = useTellFailure();
  const open = useOpenRun();
  return useMutation({
    mutationFn: async ({ project, name }: { readonly project: string; readonly name: string }) =>
      (await api.startRun({ params: { project, name } })).data,
    onSuccess: open,
    onError: tell,
  });
}

/** Queues a run that ended once more and goes to the new one. */
export function useRetryRun() {
  const tell = useTellFailure();
  const open = useOpenRun();
  return useMutation({ mutationFn: async (id: string) => (await api.retryRun({ params: { id } })).data, onSuccess: open, onError: tell });
}

/** Asks a run to stop; it shows as stopping at once, and as before when the asking failed. */
export function useCancelRun() {
  const tell = useTellFailure();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => (await api.cancelRun({ params: { id } })).data,
    onMutate(id) {
      const before = queries.getQueryData<Run>(runKey(id));
      if (before) queries.setQueryData<Run>(runKey(id), { ...before, cancelRequested: true });
      return { before };
    },
    onSuccess: (run) => queries.setQueryData(runKey(run.id), run),
    onError(error, id, kept) {
      if (kept?.before) queries.setQueryData(runKey(id), kept.before);
      tell(error);
    },
  });
}

function useOpenRun(): (run: Run) => void {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return (run) => {
    queries.setQueryData(runKey(run.id), run);
    void queries.invalidateQueries({ queryKey: ['list'] });
    void queries.invalidateQueries({ queryKey: ['pipeline', run.project, run.pipeline] });
    void navigate({ to: `/runs/${run.id}` });
  };
}
