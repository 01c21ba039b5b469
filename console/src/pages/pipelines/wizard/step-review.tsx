/** Step 6: everything once more, as a run would do it; then it is saved. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Alert, Button, Form, Input, Space } from 'antd';
import { useEffect, useRef } from 'react';
import { api } from '../../../api/client.ts';
import { CopyMenu } from '../../../data/copy-menu.tsx';
import { freeName } from '../../../data/free-name.ts';
import { useTakenNames } from '../../../data/taken-names.ts';
import { useSay } from '../../../ui/language.tsx';
import { ProblemView } from '../../../ui/problem-view.tsx';
import { Waiting } from '../../../ui/waiting.tsx';
import { conflictsOf } from '../plan-marks.ts';
import { PlanView } from '../plan-view.tsx';
import { documentOf, nameOf } from './draft.ts';
import { usePlan } from './use-plan.ts';
import type { Wizard } from './use-wizard.ts';

const texts = {
  name: { en: 'Name', zh: '名称' },
  nameHint: { en: 'Small letters, digits and hyphens; it cannot be changed later.', zh: '小写字母、数字和连字符；保存后不可更改。' },
  taken: { en: 'A pipeline of this name is there already.', zh: '已有同名的管道。' },
  badName: { en: 'Only small letters, digits and hyphens, 1 to 63 signs.', zh: '仅限小写字母、数字和连字符，1 到 63 个字符。' },
  description: { en: 'What it is for', zh: '用途说明' },
  conflicts: { en: 'Types of these streams conflict, their rows will fail: {streams}', zh: '以下流的类型冲突，其行会写入失败：{streams}' },
  back: { en: 'Back', zh: '上一步' },
  save: { en: 'Save the pipeline', zh: '保存管道' },
};

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function ReviewStep({ wizard }: { readonly wizard: Wizard }) {
  const say = useSay();
  const { draft, change, go } = wizard;
  const plan = usePlan(draft);
  const save = useSave(wizard);
  const taken = useName(wizard);
  const fault = taken?.has(draft.name) ? texts.taken : NAME.test(draft.name) ? undefined : texts.badName;
  const conflicts = plan.data ? conflictsOf(plan.data) : [];
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 16 }}>
      <Form layout="vertical" style={{ maxWidth: 560 }}>
        <Form.Item
          label={say(texts.name)}
          htmlFor="wizard-name"
          extra={say(texts.nameHint)}
          {...(taken && fault ? { validateStatus: 'error' as const, help: say(fault) } : {})}
        >
          <Input id="wizard-name" maxLength={63} value={draft.name} onChange={(event) => change({ name: event.target.value.trim() })} />
        </Form.Item>
        <Form.Item label={say(texts.description)} htmlFor="wizard-description">
          <Input.TextArea
            id="wizard-description"
            autoSize={{ minRows: 1, maxRows: 6 }}
            maxLength={2000}
            value={draft.description}
            onChange={(event) => change({ description: event.target.value })}
          />
        </Form.Item>
      </Form>
      {conflicts.length > 0 ? <Alert type="warning" showIcon title={say(texts.conflicts, { streams: conflicts.join(', ') })} /> : null}
      {plan.error ? <ProblemView error={plan.error} retry={() => void plan.refetch()} /> : null}
      {plan.data ? <PlanView plan={plan.data} /> : plan.error ? null : <Waiting />}
      {save.error ? <ProblemView error={save.error} /> : null}
      <Space wrap>
        <Button onClick={() => go('schedule')}>{say(texts.back)}</Button>
        <CopyMenu
          choices={[
            {
              key: 'json',
              label: { en: 'The document as JSON', zh: '复制为 JSON 文档' },
              text: () => JSON.stringify(documentOf(draft), null, 2),
            },
          ]}
        />
        <Button type="primary" disabled={fault !== undefined} loading={save.isPending} onClick={() => save.mutate()}>
          {say(texts.save)}
        </Button>
      </Space>
    </div>
  );
}

/** Offers a free name until somebody types one; answers the names that are taken, once they are known. */
function useName({ draft, change }: Wizard): ReadonlySet<string> | undefined {
  const base = nameOf(draft);
  const near = useTakenNames('Pipeline', draft.project, base.slice(0, NEAR));
  const typed = useTakenNames('Pipeline', draft.project, draft.name || base);
  const wanted = useRef(draft.name === '');
  useEffect(() => {
    if (!near || !wanted.current) return;
    wanted.current = false;
    change({ name: freeName(base, near) });
  }, [near, base, change]);
  return typed;
}

/** Names that begin so may stand in the way, whatever number they end with. */
const NEAR = 55;

/** Creates it, never over one that is there; then the draft has done its work. */
function useSave({ draft, clear }: Wizard) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { project, name } = draft;
  return useMutation({
    mutationFn: () =>
      api.putResource({
        params: { project, kind: 'Pipeline', name },
        headers: { 'if-none-match': '*' },
        body: documentOf(draft),
      }),
    async onSuccess() {
      clear();
      void queries.invalidateQueries({ queryKey: ['list'] });
      await navigate({ to: `/pipelines/${project}/${name}`, search: { tab: 'streams' } } as never);
    },
  });
}
