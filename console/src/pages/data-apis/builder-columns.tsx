/** The three columns of the builder: tables, SQL, parameters and settings. */
import { useQuery } from '@tanstack/react-query';
import { Form, Input, Select, Splitter, Tabs } from 'antd';
import { type RefObject, useEffect, useMemo, useRef } from 'react';
import { api } from '../../api/client.ts';
import { CodeEditor } from '../../editor/code-editor.tsx';
import type { EditorMark } from '../../editor/marks.ts';
import type { Change } from '../../forms/change.ts';
import { useSay } from '../../ui/language.tsx';
import type { ApiSpec } from './api-spec.ts';
import { mistakePlace, type Panel } from './mistake-place.ts';
import type { ParameterRow } from './parameters.ts';
import { ParametersPanel } from './parameters-panel.tsx';
import { SchemaTree, tableName, useStreams } from './schema-tree.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import type { Trial } from './use-trial.ts';

const texts = {
  name: { en: 'Name', zh: '名称' },
  connection: { en: 'Connection', zh: '连接' },
  path: { en: 'Path', zh: '路径' },
  sql: { en: 'SQL', zh: 'SQL' },
  parameters: { en: 'Parameters', zh: '参数' },
  settings: { en: 'Settings', zh: '设置' },
  foldTables: { en: 'Fold or unfold the tables', zh: '折叠或展开表' },
  foldPanel: { en: 'Fold or unfold parameters and settings', zh: '折叠或展开参数与设置' },
  sqlHint: {
    en: '#{name} binds a value; <where> and <if test="name != null"> … </if> choose parts.',
    zh: '#{名称} 绑定值；<where> 与 <if test="名称 != null"> … </if> 选择片段。',
  },
};

interface Props {
  readonly project: string;
  readonly name: string;
  readonly isNew: boolean;
  readonly spec: ApiSpec;
  readonly rows: readonly ParameterRow[];
  readonly trial: Trial;
  readonly readOnly: boolean;
  readonly panel: Panel;
  readonly onPanel: (panel: Panel) => void;
  readonly change: (change: Change) => void;
}

const HEIGHT = 460;

/** Draws the columns, which the user may resize. */
export function BuilderColumns(props: Props) {
  const { project, spec, rows, trial, readOnly, panel, onPanel, change } = props;
  const say = useSay();
  const named = useFoldNames();
  const insert = useRef<(text: string) => void>(undefined);
  const streams = useStreams(project, spec.connection);
  const tables = useMemo(
    () => Object.fromEntries((streams.data ?? []).map((s) => [tableName(s).replaceAll('"', ''), s.columns.map((c) => c.name)])),
    [streams.data],
  );
  const { marks, byParameter, byPointer } = useMemo(() => mistakesOf(trial, spec), [trial.answer, trial.spec, spec]);
  const columns = trial.answer?.columns.map(({ name }) => name) ?? [];
  const panels = [
    {
      key: 'parameters',
      label: `${say(texts.parameters)}${rows.length > 0 ? ` (${rows.length})` : ''}`,
      children: <ParametersPanel rows={rows} readOnly={readOnly} mistakes={byParameter} change={change} />,
    },
    {
      key: 'settings',
      label: say(texts.settings),
      children: <SettingsPanel spec={spec} columns={columns} readOnly={readOnly} mistakes={byPointer} change={change} />,
    },
  ];
  return (
    <>
      <Basics {...props} />
      <div {...named}>
        <Splitter style={{ height: HEIGHT, border: '1px solid var(--weir-line)', borderRadius: 8 }}>
          <Splitter.Panel defaultSize="22%" min={140} collapsible>
            <div style={{ padding: 10 }}>
              <SchemaTree streams={streams} connection={spec.connection} onInsert={(text) => insert.current?.(text)} />
            </div>
          </Splitter.Panel>
          <Splitter.Panel min={280}>
            <div style={{ padding: 8 }}>
              <CodeEditor
                id="api-sql"
                language="sql"
                label={say(texts.sql)}
                value={spec.sql ?? ''}
                sqlTables={tables}
                marks={marks}
                readOnly={readOnly}
                height={HEIGHT - 70}
                onReady={(put) => {
                  insert.current = put;
                }}
                onChange={(value) => change({ pointer: '/spec/sql', value })}
                onRun={() => undefined}
              />
              <div className="weir-quiet" style={{ fontSize: 12, marginBlockStart: 4 }}>
                {say(texts.sqlHint)}
              </div>
            </div>
          </Splitter.Panel>
          <Splitter.Panel defaultSize="30%" min={240} collapsible>
            <div style={{ padding: '0 10px 10px' }}>
              <Tabs size="small" activeKey={panel} onChange={(key) => onPanel(key as Panel)} items={panels} />
            </div>
          </Splitter.Panel>
        </Splitter>
      </div>
    </>
  );
}

/** antd names what folds its columns in English only, takes no other name, and draws it when it has measured the columns. */
function useFoldNames(): { readonly ref: RefObject<HTMLDivElement | null>; readonly onFocus: () => void } {
  const say = useSay();
  const names = [say(texts.foldTables), say(texts.foldPanel)];
  const ref = useRef<HTMLDivElement>(null);
  const put = () => {
    const bars = ref.current?.querySelectorAll('.ant-splitter-bar-collapse-bar') ?? [];
    names.forEach((name, i) => bars[i]?.setAttribute('aria-label', name));
  };
  useEffect(put);
  return { ref, onFocus: put };
}

function Basics({ project, name, isNew, spec, readOnly, change }: Props) {
  const say = useSay();
  const connections = useQuery({
    queryKey: ['connections', project],
    queryFn: async () => (await api.listResources({ query: { project, kind: 'Connection', limit: 1000 } })).data.items,
  });
  return (
    <Form layout="inline" component="div" disabled={readOnly} style={{ rowGap: 8, marginBlockEnd: 12 }}>
      {isNew ? (
        <Form.Item label={say(texts.name)} htmlFor="api-name">
          <Input
            id="api-name"
            value={name}
            placeholder="orders-by-day"
            style={{ width: 200 }}
            onChange={(event) => change({ pointer: '/metadata/name', value: event.target.value })}
          />
        </Form.Item>
      ) : null}
      <Form.Item label={say(texts.connection)} htmlFor="api-connection">
        <Select
          id="api-connection"
          showSearch
          value={spec.connection || null}
          loading={connections.isPending}
          style={{ width: 200 }}
          options={(connections.data ?? []).map((one) => ({ value: one.name, label: `${one.name} · ${String(one.spec['type'])}` }))}
          onChange={(value: string) => change({ pointer: '/spec/connection', value })}
        />
      </Form.Item>
      <Form.Item label={say(texts.path)} htmlFor="api-path">
        <Input
          id="api-path"
          prefix="GET"
          value={spec.path ?? ''}
          style={{ width: 340 }}
          onChange={(event) => change({ pointer: '/spec/path', value: event.target.value })}
        />
      </Form.Item>
    </Form>
  );
}

/** Where each mistake is shown. Lines count only while the SQL is the one that was run. */
function mistakesOf(trial: Trial, spec: ApiSpec) {
  const marks: EditorMark[] = [];
  const byParameter = new Map<string, string>();
  const byPointer = new Map<string, string>();
  for (const { pointer, detail, line, column } of trial.answer?.mistakes ?? []) {
    const parameter = mistakePlace(pointer)?.name;
    if (parameter !== undefined) byParameter.set(parameter, detail);
    else byPointer.set(pointer, detail);
    if (line !== null && pointer === '/sql' && trial.spec?.sql === spec.sql)
      marks.push({ line, text: detail, tone: 'error', ...(column === null ? {} : { column }) });
  }
  return { marks, byParameter, byPointer };
}
