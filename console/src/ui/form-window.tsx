/** A small form in a window: never closed by a click outside, its mistakes shown in place, nothing lost on failure. */
import { Form, Modal } from 'antd';
import { type ReactNode, useState } from 'react';
import { useSay } from './language.tsx';
import { ProblemView } from './problem-view.tsx';

const texts = { cancel: { en: 'Cancel', zh: '取消' } };

interface Props<Values> {
  readonly title: string;
  readonly action: string;
  readonly danger?: boolean;
  readonly initial?: Partial<Values>;
  /** Does it; what it throws is shown, and the window stays. */
  readonly submit: (values: Values) => Promise<void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function FormWindow<Values extends object>(props: Props<Values>) {
  const say = useSay();
  const [form] = Form.useForm<Values>();
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  async function submit(values: Values) {
    setBusy(true);
    setFailure(undefined);
    try {
      await props.submit(values);
      props.onClose();
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Modal
      open
      title={props.title}
      mask={{ closable: false }}
      okText={props.action}
      okButtonProps={{ danger: props.danger ?? false, htmlType: 'submit' }}
      cancelText={say(texts.cancel)}
      confirmLoading={busy}
      onOk={() => form.submit()}
      onCancel={props.onClose}
    >
      {failure === undefined ? null : <ProblemView error={failure} style={{ marginBlockEnd: 16 }} />}
      <Form form={form} layout="vertical" initialValues={props.initial ?? {}} onFinish={submit}>
        {props.children}
      </Form>
    </Modal>
  );
}
