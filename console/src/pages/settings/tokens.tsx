/** API tokens: for scripts and the command line; the secret is shown once. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Empty, Form, Input, Select, Table } from 'antd';
import { useState } from 'react';
import type { NewToken, Token } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { FormWindow } from '../../ui/form-window.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { roleName } from '../../ui/roles.ts';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { Mark } from '../../ui/status.tsx';

const texts = {
  name: { en: 'Name', zh: '名称' },
  role: { en: 'Role', zh: '角色' },
  projects: { en: 'Projects', zh: '项目' },
  all: { en: 'all', zh: '全部' },
  projectsHint: { en: 'Left empty, it reaches all projects its maker reaches.', zh: '留空则可访问创建者有权访问的所有项目。' },
  used: { en: 'Last used', zh: '最近使用' },
  expires: { en: 'Expires', zh: '到期' },
  state: { en: 'State', zh: '状态' },
  active: { en: 'active', zh: '有效' },
  revoked: { en: 'revoked', zh: '已撤销' },
  expired: { en: 'expired', zh: '已过期' },
  by: { en: 'Made by', zh: '创建者' },
  add: { en: 'New token', zh: '新建令牌' },
  made: { en: 'The token {name}', zh: '令牌 {name}' },
  expiresIn: { en: 'Expires in', zh: '有效期' },
  revoke: { en: 'Revoke', zh: '撤销' },
  revokeTitle: { en: 'Revoke the token {name}?', zh: '撤销令牌 {name}？' },
  revokeHint: {
    en: 'Whatever uses it is refused from now on. This cannot be undone.',
    zh: '使用该令牌的程序将立即被拒绝。此操作不可撤销。',
  },
  cancel: { en: 'Cancel', zh: '取消' },
  needed: { en: 'This is needed.', zh: '此项必填。' },
  empty: {
    en: 'No token yet. Scripts and the command line use one instead of a password.',
    zh: '还没有令牌。脚本与命令行用令牌代替密码。',
  },
};

export function Tokens() {
  const say = useSay();
  const { may } = useSession();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<NewToken | undefined>();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['tokens'],
    queryFn: async () => (await api.listTokens({})).data.items,
  });
  const changed = () => queries.invalidateQueries({ queryKey: ['tokens'] });
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  const mayWrite = may('tokens:write');
  return (
    <>
      {mayWrite ? (
        <Button type="primary" onClick={() => setOpen(true)} style={{ marginBlockEnd: 12 }}>
          {say(texts.add)}
        </Button>
      ) : null}
      <Table<Token>
        rowKey="id"
        size="middle"
        loading={isPending}
        pagination={false}
        scroll={{ x: 'max-content' }}
        dataSource={data ?? []}
        locale={{ emptyText: isPending ? ' ' : <Empty description={say(texts.empty)} image={Empty.PRESENTED_IMAGE_SIMPLE} /> }}
        columns={[
          { key: 'name', title: say(texts.name), render: (_, token) => token.name },
          { key: 'role', title: say(texts.role), render: (_, token) => say(roleName(token.role)) },
          { key: 'projects', title: say(texts.projects), render: (_, token) => token.projects?.join(', ') ?? say(texts.all) },
          { key: 'by', title: say(texts.by), render: (_, token) => token.createdBy },
          { key: 'used', title: say(texts.used), render: (_, token) => <TimeAgo at={token.usedAt} /> },
          { key: 'expires', title: say(texts.expires), render: (_, token) => <TimeAgo at={token.expiresAt} /> },
          { key: 'state', title: say(texts.state), render: (_, token) => <StateOf token={token} /> },
          { key: 'do', title: '', render: (_, token) => (mayWrite && isLive(token) ? <Revoke token={token} onDone={changed} /> : null) },
        ]}
      />
      {open ? <NewTokenWindow onClose={() => setOpen(false)} onMade={(token) => (setMade(token), void changed())} /> : null}
      {made ? (
        <ShownOnce title={say(texts.made, { name: made.token.name })} secret={made.secret} onDone={() => setMade(undefined)} />
      ) : null}
    </>
  );
}

function isLive(token: Token): boolean {
  return token.revokedAt === null && token.expiresAt > Date.now();
}

function StateOf({ token }: { readonly token: Token }) {
  const say = useSay();
  if (token.revokedAt !== null) return <Mark tone="stopped">{say(texts.revoked)}</Mark>;
  return isLive(token) ? <Mark tone="good">{say(texts.active)}</Mark> : <Mark tone="off">{say(texts.expired)}</Mark>;
}

function Revoke({ token, onDone }: { readonly token: Token; readonly onDone: () => Promise<void> }) {
  const say = useSay();
  const { modal } = App.useApp();
  function ask() {
    modal.confirm({
      title: say(texts.revokeTitle, { name: token.name }),
      content: say(texts.revokeHint),
      okText: say(texts.revoke),
      okButtonProps: { danger: true },
      cancelText: say(texts.cancel),
      async onOk() {
        try {
          await api.revokeToken({ params: { id: token.id } });
          await onDone();
        } catch (error) {
          modal.error({ title: say(texts.revoke), content: <ProblemView error={error} />, icon: null });
        }
      },
    });
  }
  return (
    <Button danger onClick={ask}>
      {say(texts.revoke)}
    </Button>
  );
}

interface Given {
  readonly name: string;
  readonly role: 'admin' | 'viewer';
  readonly projects?: string[];
  readonly expiresIn: string;
}

const LIVES = ['1d', '7d', '30d', '90d', '365d'];

function NewTokenWindow({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: (token: NewToken) => void }) {
  const say = useSay();
  const { data: projects = [] } = useQuery({ queryKey: ['projects'], queryFn: async () => (await api.listProjects({})).data.items });
  const rules = [{ required: true, message: say(texts.needed) }];
  return (
    <FormWindow<Given>
      title={say(texts.add)}
      action={say(texts.add)}
      initial={{ role: 'viewer', expiresIn: '30d' }}
      onClose={onClose}
      submit={async ({ projects: chosen = [], ...rest }) => {
        onMade((await api.createToken({ body: { ...rest, ...(chosen.length > 0 ? { projects: chosen } : {}) } })).data);
      }}
    >
      <Form.Item name="name" label={say(texts.name)} rules={rules}>
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item name="role" label={say(texts.role)} rules={rules}>
        <Select options={['admin', 'viewer'].map((value) => ({ value, label: say(roleName(value)) }))} />
      </Form.Item>
      <Form.Item name="projects" label={say(texts.projects)} extra={say(texts.projectsHint)}>
        <Select mode="multiple" allowClear options={projects.map(({ name }) => ({ value: name, label: name }))} />
      </Form.Item>
      <Form.Item name="expiresIn" label={say(texts.expiresIn)} rules={rules}>
        <Select options={LIVES.map((value) => ({ value, label: value }))} />
      </Form.Item>
    </FormWindow>
  );
}
