/** How a resource stands: in force or not and why, which release serves, who owns and changed it. */
import { Alert, Card, Descriptions, Tag, Typography } from 'antd';
import { useMemo } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { useKind } from '../../documents/kinds.ts';
import { linesOf } from '../../forms/lines.ts';
import { Lines } from '../../forms/lines-view.tsx';
import { useLanguage, useSay } from '../../ui/language.tsx';
import { ResourceState } from '../../ui/resource-state.tsx';

const texts = {
  status: { en: 'Status', zh: '状态' },
  serving: { en: 'Serving release', zh: '生效版本' },
  servingThis: { en: 'this version', zh: '即当前版本' },
  servingOlder: { en: 'an older version goes on serving', zh: '旧版本继续生效' },
  servingNone: { en: 'none', zh: '无' },
  description: { en: 'Description', zh: '说明' },
  labels: { en: 'Labels', zh: '标签' },
  none: { en: '—', zh: '—' },
  manager: { en: 'Managed by', zh: '管理方' },
  folder: { en: 'Watched folder; read-only here', zh: '监视文件夹，此处只读' },
  file: { en: 'File {file} of the watched folder; read-only here', zh: '监视文件夹中的文件 {file}，此处只读' },
  api: { en: 'Console, CLI and API', zh: '控制台、CLI 与 API' },
  version: { en: 'Version', zh: '版本' },
  changed: { en: 'Last changed', zh: '最近修改' },
  by: { en: 'by {who}', zh: '由 {who}' },
  created: { en: 'Created', zh: '创建时间' },
  settings: { en: 'Settings', zh: '设置' },
  warnings: { en: 'Warnings', zh: '警告' },
  notes: { en: 'Now', zh: '当前情况' },
  notInForce: { en: 'This version is not in force', zh: '当前版本未生效' },
};

const SHORT = 12;

export function Overview({ resource }: { readonly resource: Resource }) {
  const { say, language } = useLanguage();
  const { data: kind } = useKind(resource.kind);
  const lines = useMemo(() => (kind ? linesOf(kind.schema, resource.spec, language) : []), [kind, resource.spec, language]);
  const { status, labels, description, manager, file, version, updatedAt, updatedBy, createdAt } = resource;
  const items = [
    { key: 'status', label: say(texts.status), children: <ResourceState status={status} /> },
    { key: 'serving', label: say(texts.serving), children: <Serving resource={resource} /> },
    { key: 'description', label: say(texts.description), children: description ?? say(texts.none) },
    { key: 'labels', label: say(texts.labels), children: <Labels labels={labels} /> },
    { key: 'manager', label: say(texts.manager), children: file === null ? say(texts[manager]) : say(texts.file, { file }) },
    { key: 'version', label: say(texts.version), children: version },
    {
      key: 'changed',
      label: say(texts.changed),
      children: (
        <span>
          <TimeAgo at={updatedAt} /> {say(texts.by, { who: updatedBy })}
        </span>
      ),
    },
    { key: 'created', label: say(texts.created), children: <TimeAgo at={createdAt} /> },
  ];
  return (
    <div style={{ display: 'grid', gap: 16 }}>
      {status.state === 'failed' ? <Alert type="error" showIcon title={say(texts.notInForce)} description={status.reason} /> : null}
      {status.warnings.length > 0 ? (
        <Alert
          type="warning"
          showIcon
          title={say(texts.warnings)}
          description={status.warnings.map((warning) => <div key={warning}>{warning}</div>)}
        />
      ) : null}
      {status.notes.length > 0 ? (
        <Alert type="info" showIcon title={say(texts.notes)} description={status.notes.map((note) => <div key={note}>{note}</div>)} />
      ) : null}
      <Card size="small">
        <Descriptions column={{ xs: 1, lg: 2 }} size="small" items={items} />
      </Card>
      {lines.length > 0 ? (
        <Card size="small" title={say(texts.settings)}>
          <Lines lines={lines} />
        </Card>
      ) : null}
    </div>
  );
}

function Serving({ resource }: { readonly resource: Resource }) {
  const say = useSay();
  const { serving } = resource.status;
  if (serving === null) return <span>{say(texts.servingNone)}</span>;
  return (
    <span>
      <Typography.Text code copyable={{ text: serving }}>
        {serving.slice(0, SHORT)}
      </Typography.Text>{' '}
      {say(serving === resource.release ? texts.servingThis : texts.servingOlder)}
    </span>
  );
}

function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const say = useSay();
  const pairs = Object.entries(labels);
  if (pairs.length === 0) return <span>{say(texts.none)}</span>;
  return (
    <span>
      {pairs.map(([name, value]) => (
        <Tag key={name}>{`${name}=${value}`}</Tag>
      ))}
    </span>
  );
}
