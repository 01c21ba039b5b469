/** What going back to an older version would change, and doing it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Modal } from 'antd';
import { useEffect } from 'react';
import type { ResourceVersion } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import type { ResourcePlace } from '../../documents/kinds.ts';
import { DiffView } from '../../editor/diff-view.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = {
  title: { en: 'Roll back to version {version}', zh: '回退到版本 {version}' },
  ok: { en: 'Roll back', zh: '回退' },
  cancel: { en: 'Cancel', zh: '取消' },
  about: { en: 'The old text is written as a new version; nothing of the history is lost.', zh: '旧文本将写为新版本，历史记录不会丢失。' },
  unchanged: { en: 'The settings are the same already.', zh: '设置已经相同。' },
  diff: { en: 'What changes', zh: '更改内容' },
};

interface Props {
  readonly place: ResourcePlace;
  readonly target: ResourceVersion;
  /** Version that stands now; undefined when deleted. */
  readonly current: number | undefined;
  /** Text that stands now. */
  readonly now: string;
  readonly onClose: () => void;
}

export function RollbackWindow({ place: { project, kind, name }, target, current, now, onClose }: Props) {
  const say = useSay();
  const queries = useQueryClient();
  const go = (dryRun: boolean) =>
    api.rollbackResource({
      params: { project, kind, name },
      headers: current === undefined ? {} : { 'if-match': `"${current}"` },
      body: { version: target.version, dryRun },
    });
  const preview = useMutation({ mutationFn: () => go(true) });
  const back = useMutation({
    mutationFn: () => go(false),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries();
    },
  });
  const { mutate: look } = preview;
  useEffect(() => look(), [look]);
  const error = back.error ?? preview.error;
  return (
    <Modal
      open
      width={860}
      title={say(texts.title, { version: target.version })}
      okText={say(texts.ok)}
      cancelText={say(texts.cancel)}
      mask={{ closable: false }}
      okButtonProps={{ disabled: !preview.data }}
      confirmLoading={back.isPending}
      onOk={() => back.mutate()}
      onCancel={onClose}
    >
      <div style={{ display: 'grid', gap: 12 }}>
        {error ? <ProblemView error={error} retry={() => (back.error ? back.mutate() : look())} /> : null}
        {preview.isPending ? <Waiting /> : null}
        {preview.data ? (
          <Alert type="info" showIcon title={say(preview.data.data.outcome === 'unchanged' ? texts.unchanged : texts.about)} />
        ) : null}
        <DiffView before={current === undefined ? '' : now} after={target.text} label={say(texts.diff)} />
      </div>
    </Modal>
  );
}
