/** Before a data API is published: what changes against what serves, and what a check found. Then it is saved. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Alert, Button, Modal, Space } from 'antd';
import type { DataApiDraft, DocumentResult } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { CodeEditor } from '../../editor/code-editor.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Waiting } from '../../ui/waiting.tsx';

const texts = {
  title: { en: 'Publish {name}', zh: '发布 {name}' },
  publish: { en: 'Publish', zh: '发布' },
  back: { en: 'Back', zh: '返回' },
  same: { en: 'Nothing differs from what is saved.', zh: '与已保存的内容没有差别。' },
  diff: { en: 'What changes', zh: '更改内容' },
  new: { en: 'This API is new.', zh: '这是新的 API。' },
  mistakes: { en: 'It cannot be published yet', zh: '暂不能发布' },
  warnings: { en: 'It can be published, but', zh: '可以发布，但请注意' },
  conflict: {
    en: 'Somebody saved another version meanwhile. Open the document’s YAML under “All resources” to compare both; your draft stays.',
    zh: '期间有人保存了另一个版本。请在“所有资源”中打开该文档进行比较；您的草稿会保留。',
  },
};

interface Props {
  readonly project: string;
  readonly name: string;
  readonly text: string;
  /** Version the draft began from; undefined for a new API. */
  readonly version: number | undefined;
  readonly trial: () => Promise<DataApiDraft>;
  readonly onDone: (result: DocumentResult) => void;
  readonly onClose: () => void;
}

/** Draws the dialog; it closes by its buttons only. */
export function PublishDialog({ project, name, text, version, trial, onDone, onClose }: Props) {
  const say = useSay();
  const send = (dryRun: boolean) =>
    api.putResource({
      params: { project, kind: 'DataApi', name },
      query: { dryRun },
      headers: version === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${version}"` },
      body: { yaml: text },
    });
  const look = useQuery({
    queryKey: ['publish', project, name, text],
    gcTime: 0,
    staleTime: 0,
    retry: false,
    queryFn: async () => {
      const [change, checked] = await Promise.all([send(true), trial()]);
      return { change: change.data, checked };
    },
  });
  const save = useMutation({ mutationFn: async () => (await send(false)).data, onSuccess: onDone });
  // Values are examples: a wrong one says nothing about the API.
  const wrong = look.data?.checked.mistakes.filter(({ pointer }) => !pointer.startsWith('/values/')) ?? [];
  const problems = look.data?.change.problems ?? [];
  const unchanged = look.data?.change.outcome === 'unchanged';
  const blocked = !look.data || unchanged || problems.length > 0 || wrong.length > 0;
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
          <Button type="primary" disabled={blocked} loading={save.isPending} onClick={() => save.mutate()}>
            {say(texts.publish)}
          </Button>
        </Space>
      }
    >
      <div style={{ display: 'grid', gap: 12 }}>
        {look.error ? <Refusal error={look.error} /> : null}
        {save.error ? <Refusal error={save.error} /> : null}
        {look.isPending ? <Waiting /> : null}
        {wrong.length + problems.length > 0 ? (
          <Alert type="error" showIcon title={say(texts.mistakes)} description={<Lines lines={[...problems, ...wrong].map(lineOf)} />} />
        ) : null}
        {look.data && look.data.checked.warnings.length > 0 ? (
          <Alert type="warning" showIcon title={say(texts.warnings)} description={<Lines lines={look.data.checked.warnings} />} />
        ) : null}
        {look.data ? <Difference change={look.data.change} unchanged={unchanged} /> : null}
      </div>
    </Modal>
  );
}

function Difference({ change, unchanged }: { readonly change: DocumentResult; readonly unchanged: boolean }) {
  const say = useSay();
  if (unchanged) return <Alert type="info" showIcon title={say(texts.same)} />;
  return (
    <div>
      {change.outcome === 'created' ? <div className="weir-quiet">{say(texts.new)}</div> : null}
      {change.diff === '' ? null : <DiffText label={say(texts.diff)} text={change.diff} />}
    </div>
  );
}

/** A unified diff: added and removed lines bear their sign as well as their colour. */
function DiffText({ label, text }: { readonly label: string; readonly text: string }) {
  return <CodeEditor readOnly language="text" label={label} value={text} maxHeight={360} />;
}

function Refusal({ error }: { readonly error: unknown }) {
  const say = useSay();
  const isConflict = (error as { problem?: { status?: number } }).problem?.status === 412;
  return (
    <>
      <ProblemView error={error} />
      {isConflict ? <Alert type="info" showIcon title={say(texts.conflict)} /> : null}
    </>
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

function lineOf({ pointer, detail }: { readonly pointer: string; readonly detail: string }): string {
  return pointer === '' ? detail : `${pointer}: ${detail}`;
}
