/** Form and YAML as two views of one document, with its draft, its problems and how it is saved. */
import { SaveOutlined } from '@ant-design/icons';
import { Alert, Button, Segmented, Space } from 'antd';
import { type ReactNode, useMemo, useState } from 'react';
import type { DocumentResult } from '../../../generated/client.ts';
import { CodeEditor } from '../editor/code-editor.tsx';
import { marksOf } from '../editor/marks.ts';
import { useKeys } from '../ui/keys.ts';
import { keyWords } from '../ui/key-words.ts';
import { useLanguage } from '../ui/language.tsx';
import { ProblemView } from '../ui/problem-view.tsx';
import { Mark } from '../ui/status.tsx';
import { useUrlState } from '../ui/url-state.tsx';
import { ConflictView } from './conflict-view.tsx';
import { DocumentForm } from './document-form.tsx';
import { DraftBanner } from './draft-banner.tsx';
import { LeaveGuard } from './leave-guard.tsx';
import { SaveReview } from './save-review.tsx';
import { type DocumentUse, useDocument, type DocumentSource } from './use-document.ts';
import '../forms/forms.css';

const texts = {
  view: { en: 'View', zh: '视图' },
  form: { en: 'Form', zh: '表单' },
  yaml: { en: 'YAML', zh: 'YAML' },
  save: { en: 'Review and save', zh: '检查并保存' },
  good: { en: 'No problems', zh: '没有问题' },
  checking: { en: 'Checking', zh: '检查中' },
  oneProblem: { en: '1 problem', zh: '1 个问题' },
  problems: { en: '{count} problems', zh: '{count} 个问题' },
  kept: { en: 'Draft kept at {time}', zh: '草稿已于 {time} 保存在浏览器' },
  document: { en: 'Document as YAML', zh: 'YAML 文档' },
  readOnly: { en: 'Read-only here', zh: '此处只读' },
};

interface Props {
  readonly source: DocumentSource;
  /** Why it cannot be changed here; it can when left out. */
  readonly readOnlyReason?: string;
  readonly onSaved: (result: DocumentResult) => void;
  /** Beside the switch of views. */
  readonly children?: ReactNode;
}

/** Edits one document. Give it a `key` of the document's identity and version: it keeps what it began with. */
export function DocumentEditor({ source, readOnlyReason, onSaved, children }: Props) {
  const { say } = useLanguage();
  const document = useDocument(source);
  const [url, setUrl] = useUrlState();
  const [open, setOpen] = useState<'review' | 'conflict' | undefined>();
  const [left, setLeft] = useState(false);
  const readOnly = readOnlyReason !== undefined;
  const isYaml = url['view'] === 'yaml';
  const keys = useMemo(() => ({ 'mod+s': () => (readOnly ? undefined : setOpen((now) => now ?? 'review')) }), [readOnly]);
  useKeys(keys);
  const show = async (view: string) => {
    // The text must hold what the form changed before it is shown; unreachable, both stay as they are.
    if (view === 'form' || (await document.settle())) setUrl({ view: view === 'yaml' ? 'yaml' : undefined });
  };
  const saved = (result: DocumentResult) => {
    setLeft(true);
    setOpen(undefined);
    // The guard must have seen that nothing is unsaved before the page is left.
    setTimeout(() => onSaved(result));
  };
  return (
    <div style={{ display: 'grid', gap: 12 }}>
      <LeaveGuard dirty={document.dirty && !left && !readOnly} />
      {readOnly ? (
        <Alert type="info" showIcon title={say(texts.readOnly)} description={readOnlyReason} />
      ) : (
        <DraftBanner document={document} />
      )}
      <div className="weir-document-bar">
        <Segmented
          aria-label={say(texts.view)}
          value={isYaml ? 'yaml' : 'form'}
          options={[
            { value: 'form', label: say(texts.form) },
            { value: 'yaml', label: say(texts.yaml) },
          ]}
          onChange={(view) => void show(view)}
        />
        {children}
        <Standing document={document} />
        {readOnly ? null : (
          <Button type="primary" icon={<SaveOutlined aria-hidden />} onClick={() => setOpen('review')} title={keyWords('mod S')}>
            {say(texts.save)}
          </Button>
        )}
      </div>
      {document.failure ? <ProblemView error={document.failure} retry={() => void document.settle()} /> : null}
      {isYaml ? (
        <YamlView document={document} readOnly={readOnly} />
      ) : (
        <DocumentForm document={document} isNew={source.resource === undefined} readOnly={readOnly} />
      )}
      {open === 'review' ? (
        <SaveReview document={document} onClose={() => setOpen(undefined)} onSaved={saved} onConflict={() => setOpen('conflict')} />
      ) : null}
      {open === 'conflict' ? (
        <ConflictView document={document} onClose={() => setOpen(undefined)} onMerged={() => setOpen(undefined)} />
      ) : null}
    </div>
  );
}

function Standing({ document }: { readonly document: DocumentUse }) {
  const { say, locale } = useLanguage();
  const { problems, settled, failure, keptAt, dirty, version } = document;
  const isFresh = version === undefined && !dirty;
  const count = problems.length;
  return (
    <Space style={{ marginInlineStart: 'auto' }} role="status">
      {keptAt === undefined ? null : (
        <span className="weir-quiet">
          {say(texts.kept, { time: new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(keptAt) })}
        </span>
      )}
      {!settled && failure === undefined ? <Mark tone="going">{say(texts.checking)}</Mark> : null}
      {settled && count === 0 && !isFresh ? <Mark tone="good">{say(texts.good)}</Mark> : null}
      {settled && count > 0 && !isFresh ? (
        <Mark tone="bad">{count === 1 ? say(texts.oneProblem) : say(texts.problems, { count })}</Mark>
      ) : null}
    </Space>
  );
}

function YamlView({ document, readOnly }: { readonly document: DocumentUse; readonly readOnly: boolean }) {
  const { say } = useLanguage();
  const { text, problems, write } = document;
  const marks = useMemo(() => marksOf(problems), [problems]);
  return (
    <>
      <CodeEditor
        language="yaml"
        label={say(texts.document)}
        value={text}
        readOnly={readOnly}
        marks={marks}
        onChange={write}
        maxHeight={640}
      />
      {problems.length > 0 ? (
        <ul className="weir-field-problems">
          {problems.map((one) => (
            <li key={`${one.pointer} ${one.detail}`}>
              {one.line === undefined ? '' : `${one.line}: `}
              {one.pointer ? <code>{one.pointer}</code> : null} {one.detail}
            </li>
          ))}
        </ul>
      ) : null}
    </>
  );
}
