/** Why a run failed, in the reader's language, and what to do next. */
import { useQuery } from '@tanstack/react-query';
import { Alert } from 'antd';
import type { ProblemEntry, ProblemNote } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { type Text, useLanguage } from '../../ui/language.tsx';

const texts = {
  failed: { en: 'The run failed', zh: '运行失败' },
  meaning: { en: 'What this means', zh: '问题说明' },
};

const NEXT: Readonly<Record<ProblemEntry['retry'], Text>> = {
  never: {
    en: 'Next: mend the cause first. Another try of the same would fail the same way.',
    zh: '下一步：先排除原因，直接重试会得到同样的结果。',
  },
  now: { en: 'Next: run it once more; what was committed is not carried again.', zh: '下一步：重新运行，已提交的内容不会重复搬运。' },
  later: {
    en: 'Next: this often passes by itself. Weir tries again while tries are left; after that, run it once more.',
    zh: '下一步：此类问题通常会自行恢复。剩余尝试次数内 Weir 会自动重试，之后可手动重新运行。',
  },
};

/** Nothing when there is no problem. */
export function RunProblem({ problem }: { readonly problem: ProblemNote | null }) {
  const { say, language } = useLanguage();
  const { data } = useQuery({
    queryKey: ['problem', problem?.code],
    queryFn: async () => (await api.getProblem({ params: { code: problem!.code } })).data,
    enabled: problem !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!problem) return null;
  const details = (
    <>
      <div style={{ overflowWrap: 'anywhere' }}>{problem.detail}</div>
      {data ? <div style={{ marginBlockStart: 6 }}>{say(NEXT[data.retry])}</div> : null}
      <div style={{ display: 'flex', gap: 16, marginBlockStart: 6, fontSize: 12 }}>
        <code>{problem.code}</code>
        <a href={`/problems/${problem.code}`} target="_blank" rel="noreferrer">
          {say(texts.meaning)}
        </a>
      </div>
    </>
  );
  return <Alert type="error" showIcon role="alert" title={data ? data.title[language] : say(texts.failed)} description={details} />;
}
