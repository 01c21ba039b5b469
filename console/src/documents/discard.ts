/** Asks before work that is not saved is thrown away. */
import { App } from 'antd';
import { useSay } from '../ui/language.tsx';

const texts = {
  title: { en: 'Discard the changes?', zh: '放弃更改吗？' },
  body: { en: 'What is not saved is lost, the draft in this browser too.', zh: '尚未保存的内容将丢失，此浏览器中的草稿也会删除。' },
  discard: { en: 'Discard', zh: '放弃' },
  keep: { en: 'Keep editing', zh: '继续编辑' },
};

/** Answers a function that asks, and calls `discard` when that is meant. */
export function useDiscard(discard: () => void): () => void {
  const say = useSay();
  const { modal } = App.useApp();
  return () =>
    void modal.confirm({
      title: say(texts.title),
      content: say(texts.body),
      okText: say(texts.discard),
      okButtonProps: { danger: true },
      cancelText: say(texts.keep),
      autoFocusButton: 'cancel',
      onOk: discard,
    });
}
