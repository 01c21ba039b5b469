/**
 * SQL to API on one screen: tables at the left, SQL in the middle, parameters and settings at the right, what it answers
 * below. All of it is one document; the YAML is another view of it.
 */
import { CaretRightOutlined, CloudUploadOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Alert, App, Button, Space, Tabs, Tooltip } from 'antd';
import { useMemo, useState } from 'react';
import type { DocumentResult, Resource } from '../../../../generated/client.ts';
import { useSession } from '../../api/session.tsx';
import { CodeEditor } from '../../editor/code-editor.tsx';
import { marksOf } from '../../editor/marks.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { useKeys } from '../../ui/keys.ts';
import { useSay } from '../../ui/language.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { BuilderColumns } from './builder-columns.tsx';
import { firstText } from './first-text.ts';
import { declareAll, parameterRows } from './parameters.ts';
import { PublishDialog } from './publish-dialog.tsx';
import { Results } from './results.tsx';
import { type ApiDocument, useApiDocument } from './use-api-document.ts';
import { specOf, useTrial } from './use-trial.ts';

const texts = {
  new: { en: 'New data API', zh: '新建数据 API' },
  build: { en: 'Build', zh: '构建' },
  yaml: { en: 'YAML', zh: 'YAML' },
  run: { en: 'Run', zh: '运行' },
  runKeys: { en: 'Ctrl/⌘ Enter', zh: 'Ctrl/⌘ Enter' },
  publish: { en: 'Publish…', zh: '发布…' },
  kept: { en: 'Draft kept in this browser', zh: '草稿已保存在此浏览器' },
  clean: { en: 'Nothing differs from what is saved', zh: '与已保存的内容一致' },
  restored: { en: 'Your draft was taken up again', zh: '已恢复您的草稿' },
  outdated: {
    en: 'Your draft was taken up again; another version has been saved since it began',
    zh: '已恢复您的草稿；草稿开始后，他人保存了新版本',
  },
  discard: { en: 'Discard the draft', zh: '放弃草稿' },
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

/** Draws the builder; discarding the draft begins anew from what is saved. */
export function Builder(props: Props) {
  const [round, setRound] = useState(0);
  return <BuilderOf key={round} {...props} onDiscard={() => setRound(round + 1)} />;
}

function BuilderOf({ project, resource, onDiscard }: Props & { readonly onDiscard: () => void }) {
  const say = useSay();
  const { may } = useSession();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [url, setUrl] = useUrlState();
  const own = useApiDocument(`DataApi.${project}.${resource?.name ?? '~new'}`, resource, firstText(project));
  const trial = useTrial(project, own.store);
  const [publishing, setPublishing] = useState<string>();
  const spec = specOf(own.view.value);
  const rows = useMemo(() => parameterRows(spec, trial.inferred), [spec, trial.inferred]);
  const name = resource?.name ?? String((own.view.value as { metadata?: { name?: unknown } } | undefined)?.metadata?.name ?? '');
  const readOnly = resource?.manager === 'folder' || !may('resources:write');
  const run = () => void trial.run().catch(() => undefined);
  useKeys(useMemo(() => ({ 'mod+enter': run }), [trial.run]));
  async function publish() {
    if (name === '') return message.warning(say(texts.needName));
    for (const change of declareAll(rows)) own.change(change);
    if (await own.store.settle()) setPublishing(own.store.view().text);
  }
  function done(_result: DocumentResult) {
    own.forget();
    void queries.invalidateQueries();
    void message.success(say(texts.published, { name }));
    void navigate({ to: `/data-apis/${project}/${name}` });
  }
  const tabs = [
    {
      key: 'build',
      label: say(texts.build),
      children: <BuilderColumns {...{ project, spec, rows, trial, readOnly, name, isNew: !resource, change: own.change }} />,
    },
    { key: 'yaml', label: say(texts.yaml), children: <YamlView own={own} readOnly={readOnly} /> },
  ];
  return (
    <>
      <PageHead title={resource?.name ?? say(texts.new)}>
        <Space wrap>
          <DraftState own={own} />
          <Tooltip title={say(texts.runKeys)}>
            <Button icon={<CaretRightOutlined aria-hidden />} loading={trial.running} onClick={run}>
              {say(texts.run)}
            </Button>
          </Tooltip>
          <Button type="primary" icon={<CloudUploadOutlined aria-hidden />} disabled={readOnly} onClick={() => void publish()}>
            {say(texts.publish)}
          </Button>
        </Space>
      </PageHead>
      <Notes own={own} folder={resource?.manager === 'folder'} onDiscard={onDiscard} />
      <Tabs size="small" activeKey={url['view'] ?? 'build'} onChange={(view) => setUrl({ view })} items={tabs} />
      <section style={{ marginBlockStart: 16 }}>
        <Results
          trial={trial.answer}
          error={trial.error}
          stale={trial.spec !== undefined && JSON.stringify(trial.spec) !== JSON.stringify(spec)}
          tab={url['result']}
          onTab={(result) => setUrl({ result })}
        />
      </section>
      {publishing === undefined ? null : (
        <PublishDialog
          {...{ project, name, text: publishing, version: resource?.version, trial: trial.run, onDone: done }}
          onClose={() => setPublishing(undefined)}
        />
      )}
    </>
  );
}

function DraftState({ own }: { readonly own: ApiDocument }) {
  const say = useSay();
  return (
    <span className="weir-quiet" role="status" style={{ fontSize: 12 }}>
      {own.keptAt === undefined ? (
        say(texts.clean)
      ) : (
        <>
          {say(texts.kept)} · <TimeAgo at={own.keptAt} />
        </>
      )}
    </span>
  );
}

function Notes({ own, folder, onDiscard }: { readonly own: ApiDocument; readonly folder: boolean; readonly onDiscard: () => void }) {
  const say = useSay();
  const discard = () => {
    own.forget();
    onDiscard();
  };
  return (
    <div style={{ display: 'grid', gap: 8, marginBlockEnd: 8 }}>
      {folder ? <Alert type="info" showIcon title={say(texts.folder)} /> : null}
      {own.restored ? (
        <Alert
          type={own.restored.outdated ? 'warning' : 'info'}
          showIcon
          title={say(own.restored.outdated ? texts.outdated : texts.restored)}
          action={
            <Button size="small" onClick={discard}>
              {say(texts.discard)}
            </Button>
          }
        />
      ) : null}
      {own.view.failure ? <ProblemView error={own.view.failure} retry={() => void own.store.settle()} /> : null}
      {own.view.settled && own.view.value === undefined ? <Alert type="error" showIcon title={say(texts.unreadable)} /> : null}
    </div>
  );
}

function YamlView({ own, readOnly }: { readonly own: ApiDocument; readonly readOnly: boolean }) {
  const say = useSay();
  const marks = useMemo(() => marksOf(own.view.problems), [own.view.problems]);
  return (
    <CodeEditor
      language="yaml"
      label={say(texts.yaml)}
      value={own.view.text}
      marks={marks}
      readOnly={readOnly}
      height={460}
      onChange={own.store.write}
      onRun={() => undefined}
    />
  );
}
