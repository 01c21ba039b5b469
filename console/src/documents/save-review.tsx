/** What saving would do, before it is done: outcome, difference, problems. */
import { useMutation } from '@tanstack/react-query';
import { Alert, Button, Modal } from 'antd';
import { useEffect } from 'react';
import type { DocumentResult } from '../../../generated/client.ts';
import { ProblemAnswer } from '../api/client.ts';
import { useSession } from '../api/session.tsx';
import { DiffView } from '../editor/diff-view.tsx';
import { useReadyFocus } from '../ui/first-focus.ts';
import { useSay } from '../ui/language.tsx';
import { ProblemView } from '../ui/problem-view.tsx';
import { Waiting } from '../ui/waiting.tsx';
import type { DocumentUse } from './use-document.ts';

const texts = {
  title: { en: 'Review and save', zh: '检查并保存' },
  save: { en: 'Save', zh: '保存' },
  back: { en: 'Go on editing', zh: '继续编辑' },
  created: { en: 'This makes a new resource.', zh: '将新建资源。' },
  updated: { en: 'This makes a new version; it serves at once.', zh: '将生成新版本并立即生效。' },
  unchanged: { en: 'The settings stay the same; only the text differs.', zh: '设置不变，仅文本有差异。' },
  diff: { en: 'What changes', zh: '更改内容' },
};

interface Props {
  readonly document: DocumentUse;
  readonly onClose: () => void;
  readonly onSaved: (result: DocumentResult) => void;
  /** Somebody else saved meanwhile. */
  readonly onConflict: () => void;
}

/** Asks the server what would happen, shows it, and saves on confirmation. */
export function SaveReview({ document, onClose, onSaved, onConflict }: Props) {
  const say = useSay();
  const { who } = useSession();
  const failed = (error: unknown) => {
    if (isConflict(error) && document.version !== undefined) onConflict();
  };
  const preview = useMutation({
    mutationFn: async () => ({ result: await document.save(true), text: await document.covered() }),
    onError: failed,
  });
  const save = useMutation({ mutationFn: () => document.save(false), onError: failed, onSuccess: onSaved });
  const { mutate: look } = preview;
  const isKnown = preview.data !== undefined;
  const saveButton = useReadyFocus(isKnown);
  // Whoever logged in again meanwhile sees the change, not that the session had ended.
  useEffect(() => look(), [look, who]);
  const error = save.error ?? preview.error;
  return (
    <Modal
      open
      width={860}
      title={say(texts.title)}
      mask={{ closable: false }}
      keyboard={!save.isPending}
      onCancel={onClose}
      footer={
        <>
          <Button onClick={onClose}>{say(texts.back)}</Button>
          <Button ref={saveButton} type="primary" disabled={!isKnown} loading={save.isPending} onClick={() => save.mutate()}>
            {say(texts.save)}
          </Button>
        </>
      }
    >
      <div style={{ display: 'grid', gap: 12 }}>
        {error ? <ProblemView error={error} retry={() => (save.error ? save.mutate() : look())} /> : null}
        {preview.isPending ? <Waiting /> : null}
        {preview.data ? <Outcome result={preview.data.result} /> : null}
        {preview.data ? (
          <DiffView before={document.version === undefined ? '' : document.saved} after={preview.data.text} label={say(texts.diff)} />
        ) : null}
      </div>
    </Modal>
  );
}

function Outcome({ result }: { readonly result: DocumentResult }) {
  const say = useSay();
  const { outcome, problems } = result;
  const text = outcome === 'created' || outcome === 'updated' || outcome === 'unchanged' ? say(texts[outcome]) : outcome;
  return (
    <>
      <Alert type="info" showIcon title={text} />
      {problems.length > 0 ? (
        <Alert type="warning" showIcon title={problems.map((one) => `${one.pointer} ${one.detail}`).join('; ')} />
      ) : null}
    </>
  );
}

/** True when the stored version is not the one this page began from. */
export function isConflict(error: unknown): boolean {
  return error instanceof ProblemAnswer && error.problem.status === 412;
}
