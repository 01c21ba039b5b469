/** Asks before a page with unsaved work is left, by a link, by going back, or by closing the tab. */
import { useBlocker } from '@tanstack/react-router';
import { Modal } from 'antd';
import { useSay } from '../ui/language.tsx';

const texts = {
  title: { en: 'Leave without saving?', zh: '不保存就离开吗？' },
  body: {
    en: 'Your changes stay in this browser as a draft and are offered when you come back.',
    zh: '更改会作为草稿保留在此浏览器中，下次打开时可恢复。',
  },
  leave: { en: 'Leave', zh: '离开' },
  stay: { en: 'Stay', zh: '留下' },
};

/** Guards the page while `dirty`. A change of the address that stays on the page, such as a tab, passes. */
export function LeaveGuard({ dirty }: { readonly dirty: boolean }) {
  const say = useSay();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  if (status !== 'blocked') return null;
  return (
    <Modal
      open
      title={say(texts.title)}
      okText={say(texts.leave)}
      cancelText={say(texts.stay)}
      mask={{ closable: false }}
      onOk={proceed}
      onCancel={reset}
    >
      {say(texts.body)}
    </Modal>
  );
}
