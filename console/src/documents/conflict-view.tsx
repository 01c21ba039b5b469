/** Somebody else saved meanwhile: your text, theirs and what both began from, a choice per stretch, the outcome below. */
import { useQuery } from '@tanstack/react-query';
import { Alert, Modal, Radio } from 'antd';
import { useMemo, useState } from 'react';
import { api } from '../api/client.ts';
import { CodeEditor } from '../editor/code-editor.tsx';
import { useFormats } from '../ui/format.tsx';
import { useSay } from '../ui/language.tsx';
import { ProblemView } from '../ui/problem-view.tsx';
import { Waiting } from '../ui/waiting.tsx';
import { type Chunk, mergedText, mergeTexts, type Side } from './merge.ts';
import { type DocumentUse, placeOf } from './use-document.ts';

const texts = {
  title: { en: 'Somebody else saved this meanwhile', zh: '其他人已保存了此资源' },
  about: {
    en: 'Version {version} by {who}, {when}. Choose what stays; nothing is saved yet.',
    zh: '版本 {version}，{who}，{when}。请选择保留的内容，此时尚未保存。',
  },
  yours: { en: 'Yours', zh: '您的' },
  theirs: { en: 'Theirs', zh: '对方的' },
  base: { en: 'As it was', zh: '原来的' },
  choice: { en: 'Which lines stay', zh: '保留哪些行' },
  place: { en: 'Difference {number} of {all}', zh: '第 {number} 处差异，共 {all} 处' },
  undecided: { en: 'both changed it: choose', zh: '双方均有修改，请选择' },
  merged: { en: 'Merged text', zh: '合并后的文本' },
  missing: {
    en: 'Choose at every difference that both changed; the merged text stands here then.',
    zh: '请为双方均有修改的每处差异作出选择，随后在此显示合并后的文本。',
  },
  use: { en: 'Go on with the merged text', zh: '使用合并后的文本继续' },
  back: { en: 'Back to my text', zh: '返回我的文本' },
  nothing: { en: '(no lines)', zh: '（无内容）' },
};

interface Props {
  readonly document: DocumentUse;
  readonly onClose: () => void;
  /** The merged text stands in the document, which now begins from their version. */
  readonly onMerged: () => void;
}

export function ConflictView({ document, onClose, onMerged }: Props) {
  const say = useSay();
  const formats = useFormats();
  const [choices, setChoices] = useState<ReadonlyMap<number, Side>>(new Map());
  const { data, error, refetch } = useQuery({
    queryKey: ['conflict', document.kind, document.version],
    queryFn: () => load(document),
    gcTime: 0,
    staleTime: 0,
  });
  const chunks = useMemo(() => (data ? mergeTexts(data.base, document.text, data.theirs.text) : []), [data, document.text]);
  const merged = data ? mergedText(chunks, choices) : undefined;
  const [edited, setEdited] = useState<string>();
  const choose = (index: number, side: Side) => {
    setChoices(new Map([...choices, [index, side]]));
    setEdited(undefined);
  };
  const finish = () => {
    if (!data || merged === undefined) return;
    document.rebase(data.theirs.text, data.theirs.version);
    document.write(edited ?? merged);
    onMerged();
  };
  return (
    <Modal
      open
      width={980}
      title={say(texts.title)}
      okText={say(texts.use)}
      cancelText={say(texts.back)}
      mask={{ closable: false }}
      okButtonProps={{ disabled: merged === undefined }}
      onOk={finish}
      onCancel={onClose}
    >
      {error ? <ProblemView error={error} retry={() => void refetch()} /> : null}
      {!data && !error ? <Waiting /> : null}
      {data ? (
        <div style={{ display: 'grid', gap: 12 }}>
          <div className="weir-quiet">
            {say(texts.about, { version: data.theirs.version, who: data.theirs.updatedBy, when: formats.time(data.theirs.updatedAt) })}
          </div>
          <Choices chunks={chunks} choices={choices} onChoose={choose} />
          <strong>{say(texts.merged)}</strong>
          {merged === undefined ? (
            <Alert type="warning" showIcon title={say(texts.missing)} />
          ) : (
            <CodeEditor language="yaml" label={say(texts.merged)} value={edited ?? merged} onChange={setEdited} maxHeight={300} />
          )}
        </div>
      ) : null}
    </Modal>
  );
}

async function load(document: DocumentUse) {
  const params = { ...placeOf(document.value, document.project), kind: document.kind };
  const { data: theirs } = await api.getResource({ params });
  const before = document.version;
  if (before === undefined) return { theirs, base: '' };
  const { data: versions } = await api.listResourceVersions({ params, query: { before: before + 1, limit: 1 } });
  return { theirs, base: versions.items[0]?.text ?? document.saved };
}

interface ChoicesProps {
  readonly chunks: readonly Chunk[];
  readonly choices: ReadonlyMap<number, Side>;
  readonly onChoose: (index: number, side: Side) => void;
}

function Choices({ chunks, choices, onChoose }: ChoicesProps) {
  const say = useSay();
  const places = chunks.flatMap((chunk, index) => (chunk.kind === 'changed' ? [{ chunk, index }] : []));
  return (
    <ol className="weir-items">
      {places.map(({ chunk, index }, number) => {
        const chosen = choices.get(index) ?? chunk.choice;
        const name = say(texts.place, { number: number + 1, all: places.length });
        return (
          <li key={index} className="weir-item-large">
            <div style={{ display: 'flex', flexWrap: 'wrap', gap: 12, alignItems: 'center' }}>
              <strong>{name}</strong>
              <Radio.Group
                aria-label={`${name}: ${say(texts.choice)}`}
                {...(chosen === undefined ? {} : { value: chosen })}
                options={(['yours', 'theirs', 'base'] as const).map((side) => ({ value: side, label: say(texts[side]) }))}
                onChange={(event) => onChoose(index, event.target.value as Side)}
              />
              {chosen === undefined ? <em>{say(texts.undecided)}</em> : null}
            </div>
            <div style={{ display: 'grid', gridTemplateColumns: 'repeat(3, minmax(0, 1fr))', gap: 8 }}>
              {(['yours', 'theirs', 'base'] as const).map((side) => (
                <div key={side}>
                  <small className="weir-quiet">{say(texts[side])}</small>
                  <pre className="weir-code">{chunk[side].length > 0 ? chunk[side].join('\n') : say(texts.nothing)}</pre>
                </div>
              ))}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
