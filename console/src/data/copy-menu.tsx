/** Copies of an object for the places outside the console: its YAML, and commands for a terminal. */
import { CopyOutlined } from '@ant-design/icons';
import { App, Button, Dropdown } from 'antd';
import { type Text, useSay } from '../ui/language.tsx';
import { useTellFailure } from './use-run-actions.ts';

const texts = {
  copy: { en: 'Copy', zh: '复制' },
  done: { en: 'Copied.', zh: '已复制。' },
};

export interface CopyChoice {
  readonly key: string;
  readonly label: Text;
  /** Asked when chosen. */
  readonly text: () => string | Promise<string>;
}

export function CopyMenu({ choices }: { readonly choices: readonly CopyChoice[] }) {
  const say = useSay();
  const { message } = App.useApp();
  const tell = useTellFailure();
  const copy = async (choice: CopyChoice) => {
    try {
      await navigator.clipboard.writeText(await choice.text());
      message.success(say(texts.done));
    } catch (error) {
      tell(error);
    }
  };
  const items = choices.map((choice) => ({ key: choice.key, label: say(choice.label), onClick: () => void copy(choice) }));
  return (
    <Dropdown autoFocus trigger={['click']} menu={{ items }}>
      <Button icon={<CopyOutlined aria-hidden />}>{say(texts.copy)}</Button>
    </Dropdown>
  );
}
