/** What can be done with a resource: switch it, copy it in the words of other tools, delete it. */
import { CopyOutlined, DownOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Alert, App, Button, Dropdown, Modal, Space } from 'antd';
import { useState } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useUses } from '../../documents/kinds.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { copies } from './copies.ts';
import { Users } from './used-by.tsx';

const texts = {
  copy: { en: 'Copy', zh: '复制' },
  id: { en: 'Id', zh: '标识' },
  yaml: { en: 'YAML', zh: 'YAML' },
  cli: { en: 'CLI command', zh: 'CLI 命令' },
  curl: { en: 'curl', zh: 'curl' },
  copied: { en: 'Copied', zh: '已复制' },
  enable: { en: 'Enable', zh: '启用' },
  disable: { en: 'Disable', zh: '停用' },
  delete: { en: 'Delete', zh: '删除' },
  cancel: { en: 'Cancel', zh: '取消' },
  deleteTitle: { en: 'Delete {name}?', zh: '删除 {name}？' },
  disableTitle: { en: 'Disable {name}?', zh: '停用 {name}？' },
  deleteAbout: { en: 'It stops serving at once. Its history stays, and brings it back.', zh: '将立即停止生效。历史会保留，可随时恢复。' },
  disableAbout: { en: 'It stops serving at once and keeps its document and history.', zh: '将立即停止生效，文档与历史保留。' },
  inUse: { en: 'These resources name it: change or delete them first.', zh: '以下资源引用了它，请先修改或删除这些资源。' },
  affected: { en: 'These resources name it and are affected:', zh: '以下资源引用了它，将受影响：' },
  nobody: { en: 'No other resource names it.', zh: '没有其他资源引用它。' },
};

interface Props {
  readonly resource: Resource;
  readonly editable: boolean;
}

export function ResourceActions({ resource, editable }: Props) {
  const say = useSay();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<'disable' | 'delete' | undefined>();
  const { project, kind, name, version, enabled } = resource;
  const { message } = App.useApp();
  const enable = useMutation({
    mutationFn: () => api.enableResource({ params: { project, kind, name }, headers: { 'if-match': `"${version}"` } }),
    onSuccess: () => queries.invalidateQueries(),
    onError: (error) => void message.error(error.message),
  });
  return (
    <Space wrap>
      <CopyMenu resource={resource} />
      {editable ? (
        <>
          <Button loading={enable.isPending} onClick={() => (enabled ? setAsked('disable') : enable.mutate())}>
            {say(enabled ? texts.disable : texts.enable)}
          </Button>
          <Button danger onClick={() => setAsked('delete')}>
            {say(texts.delete)}
          </Button>
        </>
      ) : null}
      {asked ? <Confirm resource={resource} act={asked} onClose={() => setAsked(undefined)} /> : null}
    </Space>
  );
}

function CopyMenu({ resource }: { readonly resource: Resource }) {
  const say = useSay();
  const { message } = App.useApp();
  const found = copies(resource, location.origin);
  const items = (['id', 'yaml', 'cli', 'curl'] as const).map((key) => ({ key, label: say(texts[key]) }));
  const copy = async (key: string) => {
    await navigator.clipboard.writeText(found[key as keyof typeof found]);
    void message.success(say(texts.copied));
  };
  return (
    <Dropdown autoFocus trigger={['click']} menu={{ items, onClick: ({ key }) => void copy(key) }}>
      <Button icon={<CopyOutlined aria-hidden />}>
        <Space size={4}>
          {say(texts.copy)} <DownOutlined aria-hidden />
        </Space>
      </Button>
    </Dropdown>
  );
}

function Confirm({
  resource,
  act,
  onClose,
}: {
  readonly resource: Resource;
  readonly act: 'disable' | 'delete';
  readonly onClose: () => void;
}) {
  const say = useSay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { project, kind, name, version } = resource;
  const uses = useUses({ project, kind, name });
  const users = uses.data ?? [];
  const work = useMutation({
    mutationFn: () => {
      const input = { params: { project, kind, name }, headers: { 'if-match': `"${version}"` } };
      return act === 'delete' ? api.deleteResource(input) : api.disableResource(input);
    },
    onSuccess: async () => {
      onClose();
      if (act === 'delete') await navigate({ to: '/resources' });
      await queries.invalidateQueries();
    },
  });
  const blocked = act === 'delete' && users.length > 0;
  return (
    <Modal
      open
      title={say(act === 'delete' ? texts.deleteTitle : texts.disableTitle, { name })}
      okText={say(texts[act])}
      cancelText={say(texts.cancel)}
      mask={{ closable: false }}
      okButtonProps={{ danger: true, disabled: blocked || !uses.data }}
      confirmLoading={work.isPending}
      onOk={() => work.mutate()}
      onCancel={onClose}
    >
      <div style={{ display: 'grid', gap: 12 }}>
        <div>{say(act === 'delete' ? texts.deleteAbout : texts.disableAbout)}</div>
        {uses.error ? <ProblemView error={uses.error} retry={() => void uses.refetch()} /> : null}
        {users.length > 0 ? (
          <Alert type="warning" showIcon title={say(blocked ? texts.inUse : texts.affected)} description={<Users users={users} />} />
        ) : null}
        {uses.data && users.length === 0 ? <div className="weir-quiet">{say(texts.nobody)}</div> : null}
        {work.error ? <ProblemView error={work.error} retry={() => work.mutate()} /> : null}
      </div>
    </Modal>
  );
}
