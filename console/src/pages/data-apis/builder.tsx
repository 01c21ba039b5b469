/**
 * SQL to API on one screen: tables at the left, SQL in the middle, parameters and settings at the right, what it answers
 * below. All of it is one document; the YAML is another view of it.
 */
import { CaretRightOutlined, CloudUploadOutlined } from '@ant-design/icons';
import { useNavigate } from '@tanstack/react-router';
import { Alert, App, Button, Space, Tabs, Tooltip } from 'antd';
import { useEffect, useMemo, useState } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { useSession } from '../../api/session.tsx';
import { ConflictView } from '../../documents/conflict-view.tsx';
import { DraftBanner } from '../../documents/draft-banner.tsx';
import { LeaveGuard } from '../../documents/leave-guard.tsx';
import { type DocumentUse, placeOf, useDocument } from '../../documents/use-document.ts';
import { CodeEditor } from '../../editor/code-editor.tsx';
import { marksOf } from '../../editor/marks.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { useKeys } from '../../ui/keys.ts';
import { keyWords } from '../../ui/key-words.ts';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { type UrlValues, useUrlState } from '../../ui/url-state.tsx';
import { BuilderColumns } from './builder-columns.tsx';
import { firstText } from './first-text.ts';
import type { MistakePlace, Panel } from './mistake-place.ts';
import { declareAll, parameterRows } from './parameters.ts';
import { PublishDialog } from './publish-dialog.tsx';
import { Results } from './results.tsx';
import { specOf, type Trial, useTrial } from './use-trial.ts';

const texts = {
  new: { en: 'New data API', zh: '新建数据 API' },
  build: { en: 'Build', zh: '构建' },
  yaml: { en: 'YAML', zh: 'YAML' },
  run: { en: 'Run', zh: '运行' },
  publish: { en: 'Publish…', zh: '发布…' },
  kept: { en: 'Draft kept in this browser', zh: '草稿已保存在此浏览器' },
  changed: { en: 'Not published yet', zh: '尚未发布' },
  clean: { en: 'Nothing differs from what is saved', zh: '与已保存的内容一致' },
  folder: {
    en: 'This document belongs to the watched folder: change its file there. Here it can be tried, not published.',
    zh: '该文档由监视目录管理，请在文件中修改；此处只能试运行，不能发布。',
  },
  unreadable: { en: 'The YAML cannot be read; mend it in its tab.', zh: 'YAML 无法解析，请在 YAML 标签中修正。' },
  published: { en: '{name} is saved; the gateway takes it up now.', zh: '{name} 已保存，网关正在更新。' },
  needName: { en: 'Give it a name before publishing.', zh: '发布前请填写名称。' },
};

interface Props {
  readonly project: string;
  readonly resource: Resource | undefined;
}

/** No field of a data API is a secret, so that its draft may be kept whole. */
const NO_SECRETS = {};

/** Draws the builder. Give it a `key` of the document's identity: it keeps what it began with. */
export function Builder({ project, resource }: Props) {
  const say = useSay();
  const { may } = useSession();
  const { message } = App.useApp();
  const [url, setUrl] = useUrlState();
  const document = useDocument({
    kind: 'DataApi',
    project,
    text: resource?.text ?? firstText(project),
    schema: NO_SECRETS,
    ...(resource ? { resource } : {}),
  });
  const trial = useTrial(project, document);
  const [open, setOpen] = useState<'publish' | 'conflict' | 'left'>();
  const spec = specOf(document.value);
  const rows = useMemo(() => parameterRows(spec, trial.inferred), [spec, trial.inferred]);
  const name = resource?.name ?? placeOf(document.value, project).name;
  const readOnly = resource?.manager === 'folder' || !may('resources:write');
  const { panel, go } = useJump(setUrl, url['panel'] === 'settings' ? 'settings' : 'parameters');
  const run = () => void trial.run().catch(() => undefined);
  useKeys({ 'mod+enter': run });
  const publish = () => {
    if (name === '') return void message.warning(say(texts.needName));
    for (const change of declareAll(rows)) document.change(change);
    setOpen('publish');
  };
  const views = [
    {
      key: 'build',
      label: say(texts.build),
      children: (
        <BuilderColumns
          {...{ project, spec, rows, trial, readOnly, name, panel, isNew: !resource, change: document.change }}
          onPanel={(chosen) => setUrl({ panel: chosen })}
        />
      ),
    },
    { key: 'yaml', label: say(texts.yaml), children: <YamlView document={document} readOnly={readOnly} /> },
  ];
  return (
    <>
      <LeaveGuard dirty={document.dirty && open !== 'left' && !readOnly} />
      <PageHead title={resource?.name ?? say(texts.new)}>
        <Actions document={document} running={trial.running} readOnly={readOnly} onRun={run} onPublish={publish} />
      </PageHead>
      <Notes document={document} folder={resource?.manager === 'folder'} />
      <Tabs size="small" activeKey={url['view'] ?? 'build'} onChange={(view) => setUrl({ view })} items={views} />
      <section style={{ marginBlockStart: 16 }}>
        <Results
          trial={trial.answer}
          error={trial.error}
          stale={trial.spec !== undefined && JSON.stringify(trial.spec) !== JSON.stringify(spec)}
          tab={url['result']}
          onTab={(result) => setUrl({ result })}
          onGo={go}
        />
      </section>
      <Dialogs {...{ document, project, name, trial, open, setOpen, go }} />
    </>
  );
}

const JUMP_FRAMES = 120;

/** Brings up the panel of a mistake's field, and then puts the caret there. */
function useJump(setUrl: (changes: UrlValues) => void, panel: Panel): { readonly panel: Panel; go(place: MistakePlace): void } {
  const [wanted, setWanted] = useState<string>();
  useEffect(() => {
    if (wanted === undefined) return;
    let frame = 0;
    // The panel that holds the field is drawn first, and shown a moment later.
    const look = (left: number) => {
      const field = document.getElementById(wanted);
      if (field && field.offsetParent !== null) {
        field.focus();
        field.scrollIntoView({ block: 'nearest' });
      } else if (left > 0) {
        frame = requestAnimationFrame(() => look(left - 1));
        return;
      }
      setWanted(undefined);
    };
    look(JUMP_FRAMES);
    return () => cancelAnimationFrame(frame);
  }, [wanted]);
  return {
    panel,
    go(place) {
      setUrl({ view: 'build', ...(place.panel ? { panel: place.panel } : {}) });
      setWanted(place.field);
    },
  };
}

function Dialogs(props: {
  readonly document: DocumentUse;
  readonly project: string;
  readonly name: string;
  readonly trial: Trial;
  readonly open: 'publish' | 'conflict' | 'left' | undefined;
  readonly setOpen: (open: 'publish' | 'conflict' | 'left' | undefined) => void;
  readonly go: (place: MistakePlace) => void;
}) {
  const say = useSay();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const { document, project, name, trial, open, setOpen, go } = props;
  const close = () => setOpen(undefined);
  const done = () => {
    setOpen('left');
    void message.success(say(texts.published, { name }));
    // The guard must have seen that nothing is unsaved before the page is left.
    setTimeout(() => void navigate({ to: `/data-apis/${project}/${name}` }));
  };
  if (open === 'conflict') return <ConflictView document={document} onClose={close} onMerged={close} />;
  if (open !== 'publish') return null;
  return (
    <PublishDialog
      {...{ document, name }}
      trial={trial.run}
      onDone={done}
      onClose={close}
      onConflict={() => setOpen('conflict')}
      onGo={(place) => {
        close();
        go(place);
      }}
    />
  );
}

function Actions(props: {
  readonly document: DocumentUse;
  readonly running: boolean;
  readonly readOnly: boolean;
  readonly onRun: () => void;
  readonly onPublish: () => void;
}) {
  const say = useSay();
  return (
    <Space wrap>
      <DraftState document={props.document} />
      <Tooltip title={keyWords('mod Enter')}>
        <Button icon={<CaretRightOutlined aria-hidden />} loading={props.running} onClick={props.onRun}>
          {say(texts.run)}
        </Button>
      </Tooltip>
      <Button type="primary" icon={<CloudUploadOutlined aria-hidden />} disabled={props.readOnly} onClick={props.onPublish}>
        {say(texts.publish)}
      </Button>
    </Space>
  );
}

function DraftState({ document }: { readonly document: DocumentUse }) {
  const say = useSay();
  if (document.version === undefined && !document.dirty) return null;
  return (
    <span className="weir-quiet" role="status" style={{ fontSize: 12 }}>
      {document.keptAt === undefined ? (
        say(document.dirty ? texts.changed : texts.clean)
      ) : (
        <>
          {say(texts.kept)} · <TimeAgo at={document.keptAt} />
        </>
      )}
    </span>
  );
}

function Notes({ document, folder }: { readonly document: DocumentUse; readonly folder: boolean }) {
  const say = useSay();
  const { failure, settled, value } = document;
  return (
    <div style={{ display: 'grid', gap: 8, marginBlockEnd: 8 }}>
      {folder ? <Alert type="info" showIcon title={say(texts.folder)} /> : <DraftBanner document={document} />}
      {failure ? <ProblemView error={failure} retry={() => void document.settle()} /> : null}
      {settled && (value === undefined || value === null) ? <Alert type="error" showIcon title={say(texts.unreadable)} /> : null}
    </div>
  );
}

function YamlView({ document, readOnly }: { readonly document: DocumentUse; readonly readOnly: boolean }) {
  const say = useSay();
  const marks = useMemo(() => marksOf(document.problems), [document.problems]);
  return (
    <CodeEditor
      language="yaml"
      label={say(texts.yaml)}
      value={document.text}
      marks={marks}
      readOnly={readOnly}
      height={460}
      onChange={document.write}
      onRun={() => undefined}
    />
  );
}
