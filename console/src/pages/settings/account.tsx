/** One's own account: who one is, the password, language and theme. */
import { App, Button, Card, Descriptions, Form, Input } from 'antd';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { LanguageSwitch, ThemeSwitch } from '../../ui/choices.tsx';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { roleName } from '../../ui/roles.ts';

const texts = {
  name: { en: 'User', zh: '用户名' },
  role: { en: 'Role', zh: '角色' },
  projects: { en: 'Projects', zh: '项目' },
  all: { en: 'all', zh: '全部' },
  language: { en: 'Language', zh: '语言' },
  theme: { en: 'Theme', zh: '主题' },
  change: { en: 'Change password', zh: '修改密码' },
  before: { en: 'Password so far', zh: '原密码' },
  after: { en: 'New password', zh: '新密码' },
  again: { en: 'New password again', zh: '再次输入新密码' },
  differs: { en: 'The two are not the same.', zh: '两次输入不一致。' },
  needed: { en: 'This is needed.', zh: '此项必填。' },
  done: { en: 'The password is changed.', zh: '密码已修改。' },
};

export function Account() {
  const say = useSay();
  const { who } = useSession();
  const items = [
    { key: 'name', label: say(texts.name), children: who.name },
    { key: 'role', label: say(texts.role), children: say(roleName(who.role)) },
    { key: 'projects', label: say(texts.projects), children: who.projects?.join(', ') ?? say(texts.all) },
    { key: 'language', label: say(texts.language), children: <LanguageSwitch /> },
    { key: 'theme', label: say(texts.theme), children: <ThemeSwitch /> },
  ];
  return (
    <div style={{ display: 'grid', gap: 16, maxWidth: 640 }}>
      <Card size="small">
        <Descriptions size="small" column={1} items={items} />
      </Card>
      {who.kind === 'user' ? <Password /> : null}
    </div>
  );
}

interface Given {
  readonly before: string;
  readonly after: string;
}

function Password() {
  const say = useSay();
  const { message } = App.useApp();
  const [form] = Form.useForm<Given>();
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  async function submit({ before, after }: Given) {
    setBusy(true);
    setFailure(undefined);
    try {
      await api.changePassword({ body: { before, after } });
      form.resetFields();
      void message.success(say(texts.done));
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  }
  const needed = { required: true, message: say(texts.needed) };
  return (
    <Card size="small" title={say(texts.change)}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={submit}>
        {failure === undefined ? null : <ProblemView error={failure} style={{ marginBlockEnd: 16 }} />}
        <Form.Item name="before" label={say(texts.before)} rules={[needed]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item name="after" label={say(texts.after)} rules={[needed]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={say(texts.again)}
          dependencies={['after']}
          rules={[
            needed,
            ({ getFieldValue }) => ({
              validator: async (_rule, value) => {
                if (value && value !== getFieldValue('after')) throw new Error(say(texts.differs));
              },
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy}>
          {say(texts.change)}
        </Button>
      </Form>
    </Card>
  );
}
