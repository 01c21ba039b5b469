/** Before a data API is published: what changes against what serves, and what a check found. Then it is saved. */
import { useMutation } from '@tanstack/react-query';
import { Alert, Button, Modal, Space } from 'antd';
import { useEffect } from 'react';
import type { DataApiDraft } from '../../../../generated/client.ts';
import { isConflict } from '../../documents/save-review.tsx';
import type { DocumentUse } from '../../documents/use-document.ts';
import { DiffView } from '../../editor/diff-view.tsx';
import { useReadyFocus } from '../../ui/first-focus.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';
import type { MistakePlace } from './mistake-place.ts';
import { Where } from './where.tsx';

const texts = {
  title: { en: 'Publish {name}', zh: '发布 {name}' },
  publish: { en: 'Publish', zh: '发布' },
  back: { en: 'Back', zh: '返回' },
  same: { en: 'Nothing differs from what is saved.', zh: '与已保存的内容没有差别。' },
  diff: { en: 'What changes', zh: '更改内容' },
  new: { en: 'This API is new.', zh: '这是新的 API。' },
  mistakes: { en: 'It cannot be published yet', zh: '暂不能发布' },
  warnings: { en: 'It can be published, but', zh: '可以发布，但请注意' },
};

interface Props {
  readonly document: DocumentUse;
  readonly name: string;
  readonly trial: () => Promise<DataApiDraft>;
  readonly onDone: () => void;
  readonly onClose: () => void;
  /** Somebody else saved meanwhile. */
  readonly onConflict: () => void;
  /** Takes the keys to where a mistake is mended. */
  readonly onGo: (place: MistakePlace) => void;
}

/** Draws the dialog; it closes by its buttons only. */
export function PublishDialog({ document, name, trial, onDone, onClose, onConflict, onGo }: Props) {
  const say = useSay();
  const failed = (error: unknown) => {
    if (isConflict(error) && document.version !== undefined) onConflict();
  };
  const look = useMutation({
    mutationFn: async () => {
      const change = await document.save(true);
      return { change, checked: await trial() };
    },
    onError: failed,
  });
  const save = useMutation({ mutationFn: () => document.save(false), onSuccess: onDone, onError: failed });
  const { mutate: begin } = look;
  useEffect(() => begin(), [begin]);
  // Values are examples: a wrong one says nothing about the API.
  const wrong = look.data?.checked.mistakes.filter(({ pointer }) => !pointer.startsWith('/values/')) ?? [];
  const problems = look.data?.change.problems ?? [];
  const unchanged = look.data?.change.outcome === 'unchanged' && document.text === document.saved;
  const blocked = !look.data || unchanged || problems.length > 0 || wrong.length > 0;
  const button = useReadyFocus(!blocked);
  return (
    <Modal
      open
      width={860}
      title={say(texts.title, { name })}
      mask={{ closable: false }}
      onCancel={onClose}
      footer={
        <Space>
          <Button onClick={onClose}>{say(texts.back)}</Button>
          <Button ref={button} type="primary" disabled={blocked} loading={save.isPending} onClick={() => save.mutate()}>
            {say(texts.publish)}
          </Button>
        </Space>
      }
    >
      <div style={{ display: 'grid', gap: 12 }}>
        {look.error ? <ProblemView error={look.error} retry={() => begin()} /> : null}
        {save.error ? <ProblemView error={save.error} /> : null}
        {look.isPending ? <Waiting /> : null}
        {wrong.length + problems.length > 0 ? (
          <Alert type="error" showIcon title={say(texts.mistakes)} description={<Mistakes all={[...problems, ...wrong]} onGo={onGo} />} />
        ) : null}
        {look.data && look.data.checked.warnings.length > 0 ? (
          <Alert type="warning" showIcon title={say(texts.warnings)} description={<Lines lines={look.data.checked.warnings} />} />
        ) : null}
        {look.data ? <Difference document={document} isNew={look.data.change.outcome === 'created'} unchanged={unchanged} /> : null}
      </div>
    </Modal>
  );
}

function Difference(props: { readonly document: DocumentUse; readonly isNew: boolean; readonly unchanged: boolean }) {
  const say = useSay();
  const { document, isNew, unchanged } = props;
  if (unchanged) return <Alert type="info" showIcon title={say(texts.same)} />;
  return (
    <div>
      {isNew ? <div className="weir-quiet">{say(texts.new)}</div> : null}
      <DiffView before={document.version === undefined ? '' : document.saved} after={document.text} label={say(texts.diff)} />
    </div>
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul style={{ margin: 0, paddingInlineStart: 18 }}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function Mistakes(props: { readonly all: readonly { readonly pointer: string; readonly detail: string }[]; readonly onGo: Props['onGo'] }) {
  return (
    <ul style={{ margin: 0, paddingInlineStart: 18 }}>
      {props.all.map(({ pointer, detail }) => (
        <li key={`${pointer}${detail}`}>
          <Where pointer={pointer} onGo={props.onGo} /> {detail}
        </li>
      ))}
    </ul>
  );
}
