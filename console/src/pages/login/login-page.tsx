/** Login: the whole page for a stranger, a window over the page for somebody whose session has ended. */
import { Button, Card, Form, Input, Modal, Typography } from 'antd';
import { useState } from 'react';
import { api, keepCsrf } from '../../api/client.ts';
import { LanguageSwitch, ThemeSwitch } from '../../ui/choices.tsx';
import { useFirstFocus } from '../../ui/first-focus.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';

const texts = {
  title: { en: 'Log in to Weir', zh: '登录 Weir' },
  ended: { en: 'Your session has ended', zh: '会话已过期' },
  endedHint: {
    en: 'Log in again: the page below stays as it is, nothing you typed is lost.',
    zh: '请重新登录：下方页面保持原样，已输入的内容不会丢失。',
  },
  name: { en: 'User', zh: '用户名' },
  password: { en: 'Password', zh: '密码' },
  submit: { en: 'Log in', zh: '登录' },
  needName: { en: 'Enter a user name.', zh: '请输入用户名。' },
  needPassword: { en: 'Enter the password.', zh: '请输入密码。' },
  hint: {
    en: 'First start? The user is admin; its password was printed once and is kept in .weir/admin-password until it is changed.',
    zh: '首次启动？用户名为 admin；其密码启动时打印过一次，修改前保存在 .weir/admin-password 中。',
  },
};

interface Props {
  /** Who was logged in, when the session has ended. */
  readonly name?: string;
  readonly over?: boolean;
  /** Told who has logged in. */
  readonly onDone: (name: string) => Promise<void>;
}

export default function LoginPage({ name, over, onDone }: Props) {
  const say = useSay();
  if (over) {
    return (
      <Modal open title={say(texts.ended)} footer={null} closable={false} mask={{ closable: false }} keyboard={false}>
        <Typography.Paragraph>{say(texts.endedHint)}</Typography.Paragraph>
        <LoginForm {...(name === undefined ? {} : { name })} onDone={onDone} />
      </Modal>
    );
  }
  return (
    <main style={{ minHeight: '100vh', display: 'grid', placeItems: 'center', padding: 24 }}>
      <div style={{ width: 'min(400px, 100%)' }}>
        <div style={{ display: 'flex', alignItems: 'center', gap: 12, marginBlockEnd: 20 }}>
          <img src="/icon.svg" alt="" width={36} height={36} />
          <Typography.Title level={1} style={{ fontSize: 22, margin: 0 }}>
            {say(texts.title)}
          </Typography.Title>
        </div>
        <Card>
          <LoginForm onDone={onDone} />
        </Card>
        <Typography.Paragraph type="secondary" style={{ marginBlockStart: 16, fontSize: 13 }}>
          {say(texts.hint)}
        </Typography.Paragraph>
        <div style={{ display: 'flex', gap: 8 }}>
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </div>
    </main>
  );
}

function LoginForm({ name, onDone }: Omit<Props, 'over'>) {
  const say = useSay();
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const first = useFirstFocus();
  async function submit(given: { name: string; password: string }) {
    setBusy(true);
    setFailure(undefined);
    try {
      const { data } = await api.login({ body: given });
      keepCsrf(data.csrfToken);
      await onDone(data.name);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Form layout="vertical" requiredMark={false} initialValues={{ name: name ?? '' }} onFinish={submit} disabled={busy}>
      {failure === undefined ? null : <ProblemView error={failure} style={{ marginBlockEnd: 16 }} />}
      <Form.Item name="name" label={say(texts.name)} rules={[{ required: true, message: say(texts.needName) }]}>
        <Input autoComplete="username" {...(name === undefined ? { ref: first } : {})} />
      </Form.Item>
      <Form.Item name="password" label={say(texts.password)} rules={[{ required: true, message: say(texts.needPassword) }]}>
        <Input.Password autoComplete="current-password" {...(name === undefined ? {} : { ref: first })} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={busy}>
        {say(texts.submit)}
      </Button>
    </Form>
  );
}
