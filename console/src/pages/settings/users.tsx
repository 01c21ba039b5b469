/** Users: who may log in, with which role; new ones, new passwords, leaving ones. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, Select, Space, Table } from 'antd';
import { useState } from 'react';
import type { User } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { FormWindow } from '../../ui/form-window.tsx';
import { TimeAgo } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { roleName } from '../../ui/roles.ts';
import { Mark } from '../../ui/status.tsx';

const texts = {
  name: { en: 'User', zh: '用户名' },
  role: { en: 'Role', zh: '角色' },
  state: { en: 'State', zh: '状态' },
  active: { en: 'active', zh: '正常' },
  disabled: { en: 'disabled', zh: '已停用' },
  locked: { en: 'locked after wrong passwords', zh: '密码错误次数过多，已锁定' },
  created: { en: 'Created', zh: '创建时间' },
  add: { en: 'New user', zh: '新建用户' },
  password: { en: 'Password', zh: '密码' },
  reset: { en: 'New password', zh: '重设密码' },
  resetTitle: { en: 'New password for {name}', zh: '为 {name} 重设密码' },
  remove: { en: 'Delete', zh: '删除' },
  removeTitle: { en: 'Delete the user {name}?', zh: '删除用户 {name}？' },
  removeHint: {
    en: 'Their sessions and API tokens end at once. What they changed stays, and the audit keeps their name.',
    zh: '其会话与 API 令牌立即失效。其所做的修改保留，审计记录中仍保留其名称。',
  },
  cancel: { en: 'Cancel', zh: '取消' },
  needed: { en: 'This is needed.', zh: '此项必填。' },
  admin: { en: 'may do everything', zh: '可执行所有操作' },
  viewer: { en: 'may look, changes nothing', zh: '可查看，不能更改' },
  roleAbout: { en: '{role}: {about}', zh: '{role}：{about}' },
};

type Role = 'admin' | 'viewer';

export function Users() {
  const say = useSay();
  const { may } = useSession();
  const queries = useQueryClient();
  const [open, setOpen] = useState<'new' | User | undefined>();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['users'], queryFn: async () => (await api.listUsers({})).data.items });
  const changed = () => queries.invalidateQueries({ queryKey: ['users'] });
  const mayWrite = may('users:write');
  if (error) return <ProblemView error={error} retry={() => void refetch()} />;
  return (
    <>
      {mayWrite ? (
        <Button type="primary" onClick={() => setOpen('new')} style={{ marginBlockEnd: 12 }}>
          {say(texts.add)}
        </Button>
      ) : null}
      <Table<User>
        rowKey="name"
        size="middle"
        loading={isPending}
        pagination={false}
        scroll={{ x: 'max-content' }}
        dataSource={data ?? []}
        columns={[
          { key: 'name', title: say(texts.name), render: (_, user) => user.name },
          { key: 'role', title: say(texts.role), render: (_, user) => <RoleOf user={user} mayWrite={mayWrite} onDone={changed} /> },
          { key: 'state', title: say(texts.state), render: (_, user) => <StateOf user={user} /> },
          { key: 'created', title: say(texts.created), render: (_, user) => <TimeAgo at={user.createdAt} /> },
          {
            key: 'do',
            title: '',
            render: (_, user) => (mayWrite ? <Actions user={user} onReset={() => setOpen(user)} onDone={changed} /> : null),
          },
        ]}
      />
      {open === 'new' ? <NewUser onClose={() => setOpen(undefined)} onDone={changed} /> : null}
      {typeof open === 'object' ? <ResetPassword name={open.name} onClose={() => setOpen(undefined)} /> : null}
    </>
  );
}

function StateOf({ user }: { readonly user: User }) {
  const say = useSay();
  if (user.lockedUntil !== null && user.lockedUntil > Date.now()) return <Mark tone="warning">{say(texts.locked)}</Mark>;
  return user.enabled ? <Mark tone="good">{say(texts.active)}</Mark> : <Mark tone="off">{say(texts.disabled)}</Mark>;
}

function useRoles() {
  const say = useSay();
  return (['admin', 'viewer'] as const).map((value) => ({
    value,
    label: say(texts.roleAbout, { role: say(roleName(value)), about: say(texts[value]) }),
  }));
}

function RoleOf({ user, mayWrite, onDone }: { readonly user: User; readonly mayWrite: boolean; readonly onDone: () => Promise<void> }) {
  const say = useSay();
  const options = useRoles();
  const { modal } = App.useApp();
  if (!mayWrite) return <>{say(roleName(user.role))}</>;
  async function change(role: Role) {
    try {
      await api.setUserRole({ params: { name: user.name }, body: { role } });
    } catch (error) {
      modal.error({ title: say(texts.role), content: <ProblemView error={error} />, icon: null });
    }
    await onDone();
  }
  return (
    <Select
      aria-label={`${say(texts.role)}: ${user.name}`}
      value={user.role}
      options={options}
      onChange={(role) => void change(role as Role)}
      style={{ minWidth: 240 }}
    />
  );
}

function Actions({ user, onReset, onDone }: { readonly user: User; readonly onReset: () => void; readonly onDone: () => Promise<void> }) {
  const say = useSay();
  const { modal } = App.useApp();
  function remove() {
    modal.confirm({
      title: say(texts.removeTitle, { name: user.name }),
      content: say(texts.removeHint),
      okText: say(texts.remove),
      okButtonProps: { danger: true },
      cancelText: say(texts.cancel),
      async onOk() {
        try {
          await api.deleteUser({ params: { name: user.name } });
          await onDone();
        } catch (error) {
          modal.error({ title: say(texts.remove), content: <ProblemView error={error} />, icon: null });
        }
      },
    });
  }
  return (
    <Space>
      <Button onClick={onReset}>{say(texts.reset)}</Button>
      <Button danger onClick={remove}>
        {say(texts.remove)}
      </Button>
    </Space>
  );
}

function NewUser({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => Promise<void> }) {
  const say = useSay();
  const rules = [{ required: true, message: say(texts.needed) }];
  return (
    <FormWindow<{ name: string; role: Role; password: string }>
      title={say(texts.add)}
      action={say(texts.add)}
      initial={{ role: 'viewer' }}
      onClose={onClose}
      submit={async (body) => {
        await api.createUser({ body });
        await onDone();
      }}
    >
      <Form.Item name="name" label={say(texts.name)} rules={rules}>
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item name="role" label={say(texts.role)} rules={rules}>
        <Select options={useRoles()} />
      </Form.Item>
      <Form.Item name="password" label={say(texts.password)} rules={rules}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </FormWindow>
  );
}

function ResetPassword({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const say = useSay();
  return (
    <FormWindow<{ password: string }>
      title={say(texts.resetTitle, { name })}
      action={say(texts.reset)}
      onClose={onClose}
      submit={async (body) => {
        await api.resetUserPassword({ params: { name }, body });
      }}
    >
      <Form.Item name="password" label={say(texts.password)} rules={[{ required: true, message: say(texts.needed) }]}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
    </FormWindow>
  );
}
