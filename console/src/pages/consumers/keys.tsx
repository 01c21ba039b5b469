/** A consumer's API keys: made (shown once), with an end or without, revoked. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Empty, Form, Select, Table } from 'antd';
import { useState } from 'react';
import type { Key, NewKey } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { FormWindow } from '../../ui/form-window.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { Mark } from '../../ui/status.tsx';

const texts = {
  hint: { en: 'Key', zh: '密钥' },
  created: { en: 'Created', zh: '创建时间' },
  by: { en: 'Made by', zh: '创建者' },
  expires: { en: 'Expires', zh: '到期' },
  never: { en: 'never', zh: '永不' },
  state: { en: 'State', zh: '状态' },
  active: { en: 'active', zh: '有效' },
  revoked: { en: 'revoked', zh: '已撤销' },
  expired: { en: 'expired', zh: '已过期' },
  add: { en: 'New key', zh: '新建密钥' },
  made: { en: 'A new key of {consumer}', zh: '{consumer} 的新密钥' },
  expiresIn: { en: 'Expires in', zh: '有效期' },
  revoke: { en: 'Revoke', zh: '撤销' },
  revokeTitle: { en: 'Revoke the key {hint}?', zh: '撤销密钥 {hint}？' },
  revokeHint: {
    en: 'Every call of {consumer} with this key is refused within a second. This cannot be undone. {others}',
    zh: '{consumer} 使用该密钥的调用将在一秒内被拒绝。此操作不可撤销。{others}',
  },
  last: { en: 'It is the only valid key of this consumer.', zh: '这是该消费者唯一有效的密钥。' },
  more: { en: 'It has {count} other valid keys.', zh: '另有 {count} 个有效密钥。' },
  cancel: { en: 'Cancel', zh: '取消' },
  empty: { en: 'No key yet: this consumer cannot call anything.', zh: '还没有密钥：该消费者无法调用。' },
};

interface Props {
  readonly project: string;
  readonly consumer: string;
}

const LIVES = ['', '1d', '7d', '30d', '90d', '365d'];

export function Keys({ project, consumer }: Props) {
  const say = useSay();
  const { may } = useSession();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<NewKey | undefined>();
  const {
    data = [],
    error,
    isPending,
    refetch,
  } = useQuery({
    queryKey: ['keys', project, consumer],
    queryFn: async () => (await api.listKeys({ params: { project }, query: { consumer } })).data.items,
  });
  const changed = () => queries.invalidateQueries({ queryKey: ['keys', project, consumer] });
  const mayWrite = may('keys:write');
  const valid = data.filter(isLive).length;
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  return (
    <>
      {mayWrite ? (
        <Button onClick={() => setOpen(true)} style={{ marginBlockEnd: 12 }}>
          {say(texts.add)}
        </Button>
      ) : null}
      <Table<Key>
        rowKey="id"
        size="small"
        loading={isPending}
        pagination={false}
        scroll={{ x: 'max-content' }}
        dataSource={data}
        locale={{ emptyText: isPending ? ' ' : <Empty description={say(texts.empty)} image={Empty.PRESENTED_IMAGE_SIMPLE} /> }}
        columns={[
          { key: 'hint', title: say(texts.hint), render: (_, { hint }) => <code>{hint}…</code> },
          { key: 'state', title: say(texts.state), render: (_, key) => <StateOf apiKey={key} /> },
          { key: 'created', title: say(texts.created), render: (_, { createdAt }) => <TimeAgo at={createdAt} /> },
          { key: 'by', title: say(texts.by), render: (_, { createdBy }) => createdBy },
          {
            key: 'expires',
            title: say(texts.expires),
            render: (_, { expiresAt }) => (expiresAt === null ? say(texts.never) : <TimeAgo at={expiresAt} />),
          },
          {
            key: 'do',
            title: '',
            render: (_, key) => (mayWrite && isLive(key) ? <Revoke apiKey={key} others={valid - 1} onDone={changed} /> : null),
          },
        ]}
      />
      {open ? (
        <NewKeyWindow
          project={project}
          consumer={consumer}
          onClose={() => setOpen(false)}
          onMade={(key) => (setMade(key), void changed())}
        />
      ) : null}
      {made ? <ShownOnce title={say(texts.made, { consumer })} secret={made.secret} onDone={() => setMade(undefined)} /> : null}
    </>
  );
}

function NewKeyWindow({
  project,
  consumer,
  onClose,
  onMade,
}: Props & { readonly onClose: () => void; readonly onMade: (key: NewKey) => void }) {
  const say = useSay();
  return (
    <FormWindow<{ expiresIn: string }>
      title={say(texts.add)}
      action={say(texts.add)}
      initial={{ expiresIn: '' }}
      onClose={onClose}
      submit={async ({ expiresIn }) => {
        onMade((await api.createKey({ params: { project, consumer }, body: expiresIn ? { expiresIn } : {} })).data);
      }}
    >
      <Form.Item name="expiresIn" label={say(texts.expiresIn)}>
        <Select options={LIVES.map((value) => ({ value, label: value || say(texts.never) }))} />
      </Form.Item>
    </FormWindow>
  );
}

function isLive(key: Key): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > Date.now());
}

function StateOf({ apiKey }: { readonly apiKey: Key }) {
  const say = useSay();
  if (apiKey.revokedAt !== null) return <Mark tone="stopped">{say(texts.revoked)}</Mark>;
  return isLive(apiKey) ? <Mark tone="good">{say(texts.active)}</Mark> : <Mark tone="off">{say(texts.expired)}</Mark>;
}

function Revoke(props: { readonly apiKey: Key; readonly others: number; readonly onDone: () => Promise<void> }) {
  const say = useSay();
  const { modal } = App.useApp();
  const { apiKey, others, onDone } = props;
  function ask() {
    modal.confirm({
      title: say(texts.revokeTitle, { hint: apiKey.hint }),
      content: say(texts.revokeHint, {
        consumer: apiKey.consumer,
        others: others > 0 ? say(texts.more, { count: others }) : say(texts.last),
      }),
      okText: say(texts.revoke),
      okButtonProps: { danger: true },
      cancelText: say(texts.cancel),
      async onOk() {
        try {
          await api.revokeKey({ params: { project: apiKey.project, id: apiKey.id } });
          await onDone();
        } catch (error) {
          modal.error({ title: say(texts.revoke), content: <ProblemView error={error} />, icon: null });
        }
      },
    });
  }
  return (
    <Button danger size="small" onClick={ask}>
      {say(texts.revoke)}
    </Button>
  );
}
