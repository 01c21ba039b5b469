/** A secret that is shown this one time: to copy now, behind a window that only its button closes. */
import { Alert, Modal, Typography } from 'antd';
import { useSay } from './language.tsx';

const texts = {
  once: { en: 'Copy it now: it is not shown again, and nobody can look it up.', zh: '请立即复制：此后不再显示，也无法查询。' },
  done: { en: 'I have copied it', zh: '我已复制' },
};

interface Props {
  readonly title: string;
  readonly secret: string;
  readonly onDone: () => void;
}

export function ShownOnce({ title, secret, onDone }: Props) {
  const say = useSay();
  return (
    <Modal
      open
      title={title}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      okText={say(texts.done)}
      onOk={onDone}
      cancelButtonProps={{ style: { display: 'none' } }}
    >
      <Alert type="warning" showIcon title={say(texts.once)} style={{ marginBlockEnd: 12 }} />
      <Typography.Paragraph code copyable data-testid="secret" style={{ overflowWrap: 'anywhere' }}>
        {secret}
      </Typography.Paragraph>
    </Modal>
  );
}
