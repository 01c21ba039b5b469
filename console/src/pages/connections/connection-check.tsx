/** The check of a saved connection. */
import { useMutation } from '@tanstack/react-query';
import { Button, Card } from 'antd';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { CheckSteps } from '../../data/check-steps.tsx';
import { useSaidAgain } from '../../data/use-said-again.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';

const texts = {
  check: { en: 'Check now', zh: '立即检查' },
  about: {
    en: 'Tries the way to the system step by step: address, network, encryption, login, rights.',
    zh: '逐步检查到目标系统的路径：地址、网络、加密、登录、权限。',
  },
  lacking: { en: 'Checking needs the permission connections:use.', zh: '检查需要 connections:use 权限。' },
};

export function ConnectionCheckTab({ project, name }: { readonly project: string; readonly name: string }) {
  const say = useSay();
  const mayUse = useSession().may('connections:use');
  const check = useMutation({ mutationFn: async () => (await api.checkConnection({ params: { project, name } })).data });
  useSaidAgain(check.data !== undefined, check.mutate);
  return (
    <Card size="small">
      <div style={{ display: 'grid', gap: 12, justifyItems: 'start' }}>
        <div className="weir-quiet">{say(mayUse ? texts.about : texts.lacking)}</div>
        <Button type="primary" disabled={!mayUse} loading={check.isPending} onClick={() => check.mutate()}>
          {say(texts.check)}
        </Button>
      </div>
      <div style={{ marginBlockStart: 12 }}>
        {check.error ? <ProblemView error={check.error} retry={() => check.mutate()} /> : null}
        <CheckSteps check={check.data} isTrying={check.isPending} />
      </div>
    </Card>
  );
}
