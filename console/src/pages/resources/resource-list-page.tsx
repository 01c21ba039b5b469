/** Every resource of every kind. */
import { DownOutlined, PlusOutlined } from '@ant-design/icons';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button, Dropdown, Space } from 'antd';
import { useMemo } from 'react';
import type { Component, Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { useKinds } from '../../data/components.ts';
import { hasProject, resourceAddress } from '../../documents/kinds.ts';
import { TimeAgo } from '../../ui/format.tsx';
import { type Say, useSay } from '../../ui/language.tsx';
import { type ListColumn, type ListField, ListView } from '../../ui/list-view.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { useProject } from '../../ui/project.tsx';
import { RESOURCE_STATES, ResourceState } from '../../ui/resource-state.tsx';

const texts = {
  title: { en: 'All resources', zh: '所有资源' },
  about: { en: 'Everything that is configured, whoever manages it.', zh: '全部已配置的资源，不论由谁管理。' },
  create: { en: 'New', zh: '新建' },
  name: { en: 'Name', zh: '名称' },
  text: { en: 'Name or content', zh: '名称或内容' },
  kind: { en: 'Kind', zh: '类型' },
  project: { en: 'Project', zh: '项目' },
  state: { en: 'Status', zh: '状态' },
  manager: { en: 'Managed by', zh: '管理方' },
  folder: { en: 'Watched folder', zh: '监视文件夹' },
  api: { en: 'Console, CLI, API', zh: '控制台、CLI、API' },
  version: { en: 'Version', zh: '版本' },
  description: { en: 'Description', zh: '说明' },
  labels: { en: 'Labels', zh: '标签' },
  updated: { en: 'Changed', zh: '修改时间' },
  by: { en: 'Changed by', zh: '修改者' },
};

export default function ResourceListPage() {
  const say = useSay();
  const { project } = useProject();
  const { data: kinds } = useKinds();
  const known = useMemo(() => kinds ?? [], [kinds]);
  const columns = useMemo(() => columnsOf(known, say), [known, say]);
  const fields = useMemo(() => fieldsOf(known, say), [known, say]);
  return (
    <>
      <PageHead title={say(texts.title)} about={say(texts.about)}>
        <CreateMenu kinds={known} />
      </PageHead>
      <ListView
        id="resources"
        label={say(texts.title)}
        columns={columns}
        fields={fields}
        fixed={{ project }}
        csv="/api/v1/resources"
        rowKey={resourceAddress}
        load={async (query) => (await api.listResources({ query })).data}
      />
    </>
  );
}

function columnsOf(kinds: readonly Component[], say: Say): readonly ListColumn<Resource>[] {
  const titles = new Map(kinds.map(({ id, title }) => [id, say(title)]));
  return [
    { key: 'name', sort: 'name', title: texts.name, render: (row) => <Link to={resourceAddress(row)}>{row.name}</Link> },
    { key: 'kind', sort: 'kind', title: texts.kind, render: ({ kind }) => titles.get(kind) ?? kind },
    { key: 'project', title: texts.project, render: ({ kind, project }) => (hasProject(kind) ? project : '—') },
    { key: 'state', sort: 'state', title: texts.state, render: ({ status }) => <ResourceState status={status} /> },
    { key: 'description', title: texts.description, render: ({ description }) => description },
    { key: 'manager', title: texts.manager, render: ({ manager }) => say(texts[manager]), hidden: true },
    { key: 'version', sort: 'version', title: texts.version, render: ({ version }) => version, align: 'right', hidden: true },
    { key: 'labels', title: texts.labels, render: ({ labels }) => labelText(labels), hidden: true },
    { key: 'updatedAt', sort: 'updated', title: texts.updated, render: ({ updatedAt }) => <TimeAgo at={updatedAt} /> },
    { key: 'updatedBy', title: texts.by, render: ({ updatedBy }) => updatedBy, hidden: true },
  ];
}

function fieldsOf(kinds: readonly Component[], say: Say): readonly ListField[] {
  return [
    { name: 'text', label: texts.text },
    { name: 'kind', label: texts.kind, options: kinds.map(({ id, title }) => ({ value: id, label: say(title) })) },
    {
      name: 'state',
      label: texts.state,
      options: Object.entries(RESOURCE_STATES).map(([value, { text }]) => ({ value, label: say(text) })),
    },
    { name: 'manager', label: texts.manager, options: (['folder', 'api'] as const).map((value) => ({ value, label: say(texts[value]) })) },
  ];
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** One button; what is made is chosen in its menu. */
function CreateMenu({ kinds }: { readonly kinds: readonly Component[] }) {
  const say = useSay();
  const session = useSession();
  const navigate = useNavigate();
  const { project } = useProject();
  if (!session.may('resources:write')) return null;
  const items = kinds.map(({ id, title, summary }) => ({
    key: id,
    label: (
      <div style={{ maxWidth: 380, whiteSpace: 'normal' }}>
        <div>{say(title)}</div>
        <small className="weir-quiet">{say(summary)}</small>
      </div>
    ),
  }));
  const go = (kind: string) => void navigate({ to: `/resources/new/${kind}`, search: { project } as never });
  return (
    <Dropdown autoFocus trigger={['click']} menu={{ items, onClick: ({ key }) => go(key) }}>
      <Button type="primary" icon={<PlusOutlined aria-hidden />}>
        <Space size={4}>
          {say(texts.create)} <DownOutlined aria-hidden />
        </Space>
      </Button>
    </Dropdown>
  );
}
